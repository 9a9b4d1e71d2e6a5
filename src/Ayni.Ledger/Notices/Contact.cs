using System.Net.Mail;

namespace Ayni.Ledger;

/// <summary>Whom a party, or an entity that pays, has as its contact. Versions are only ever added.</summary>
/// <param name="Subject">The party's id or the entity's code.</param>
/// <param name="Version">1, 2, 3, … for each subject.</param>
/// <param name="Name">The person or office.</param>
/// <param name="Email">Its address (RFC 5322, addr-spec).</param>
/// <param name="Language">In which it is written to: en, ar, fa or es.</param>
/// <param name="Recorded">Since when it is known.</param>
public sealed record Contact(string Subject, long Version, string Name, string Email, string Language, DateTimeOffset Recorded)
{
    // RFC 5321, section 4.5.3.1.3: a path of 256 octets, less its brackets.
    private const int LongestEmail = 254;

    /// <summary>The contact, if it may be recorded.</summary>
    internal Contact Checked()
    {
        Text.Demand(Name, "contact's name");
        Text.Demand(Email, "e-mail address", LongestEmail);
        if (!Email.All(letter => letter is > ' ' and < '\x7f' and not ('"' or '<' or '>' or '(' or ')' or ',' or ';' or ':' or '\\'))
            || !MailAddress.TryCreate(Email, out var address) || address.Address != Email)
            throw new LedgerRefusedException(Refusal.InvalidContact, $"'{Email}' is no e-mail address; write NAME@DOMAIN in ASCII.");
        return StatementLanguage.Find(Language) is not null
            ? this
            : throw new LedgerRefusedException(
                Refusal.InvalidContact,
                $"'{Language}' is no language that is written here; there are {string.Join(", ", StatementLanguage.All.Select(known => known.Code))}.");
    }
}
