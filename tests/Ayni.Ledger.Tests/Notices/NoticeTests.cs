using System.Net.Mail;
using System.Text;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Who is told when bank details or a contact change, and what is written to them.</summary>
public sealed class NoticeTests
{
    private static readonly Iban German = Iban.Parse("DE89 3704 0044 0532 0130 00"), Spanish = Iban.Parse("ES91 2100 0418 4502 0005 1332");

    [Fact]
    public async Task A_change_of_bank_details_is_written_to_the_old_contact_when_its_hold_begins()
    {
        await using var ledger = await WithPartiesAsync();
        var (maker, party) = (ledger.Books.As(await PayoutTests.OperatorAsync(ledger)), ledger.Developer.Id);
        await ledger.Books.SetContactAsync(party, "Ada Ruiz", "ada@apps.example", "es");
        await ledger.Books.SetBankDetailsAsync(party, "Ada Apps SL", German);
        Assert.Empty(ledger.Books.ListNotices());

        var details = await ByTwoAsync(ledger, () => maker.SetBankDetailsAsync(party, "Ada Apps SL", Spanish));
        var notice = Assert.Single(ledger.Books.ListNotices());
        Assert.Equal(("Ada Ruiz", "ada@apps.example", "es"), (notice.ToName, notice.ToEmail, notice.Language));
        Assert.Equal(details.HeldUntil, notice.Created + BankDetails.Hold);
        Assert.Contains("App maker. La nueva termina en 1332. No se paga nada allí antes del 2026-11-08 12:00 UTC.", notice.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("2100", notice.Body, StringComparison.Ordinal);
        Assert.Null(notice.SentAt);
        // What is set already is told to nobody.
        await maker.SetBankDetailsAsync(party, "Ada Apps SL", Spanish);
        Assert.Single(ledger.Books.ListNotices());

        var sent = await maker.MarkNoticeSentAsync(notice.Number, "e-mail");
        Assert.Equal((ledger.Clock.Now, "e-mail"), (sent.SentAt, sent.How));
        Assert.StartsWith("key_", sent.SentBy, StringComparison.Ordinal);
        Assert.Equal(sent, await ledger.Books.MarkNoticeSentAsync(notice.Number, "again"));
        await ledger.ReopenAsync();
        Assert.Equal([sent], ledger.Books.ListNotices());
        await RefusedAsync(Refusal.UnknownNotice, () => ledger.Books.MarkNoticeSentAsync(7, "e-mail"));
        foreach (var sql in new[] { "UPDATE notices SET body = 'x'", "DELETE FROM notices", "UPDATE contacts SET email = 'x'", "DELETE FROM notices_sent" })
            Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(sql));
    }

    [Fact]
    public async Task Who_changes_the_contact_first_is_not_the_only_one_told()
    {
        await using var ledger = await WithPartiesAsync();
        var (maker, party) = (ledger.Books.As(await PayoutTests.OperatorAsync(ledger)), ledger.Host.Id);
        await ledger.Books.SetBankDetailsAsync(party, "Hostess", German);
        // Without a contact the letter goes to the party, by post.
        await ByTwoAsync(ledger, () => maker.SetBankDetailsAsync(party, "Hostess", Spanish));
        Assert.Equal(("Hostess", null), (ledger.Books.ListNotices()[0].ToName, ledger.Books.ListNotices()[0].ToEmail));

        await ledger.Books.SetContactAsync(party, "Ada", "ada@host.example");
        await ByTwoAsync(ledger, () => maker.SetContactAsync(party, "Thief", "thief@else.example", "fa"));
        Assert.Equal("thief@else.example", ledger.Books.FindContact(party)!.Email);
        Assert.Equal(["ada@host.example"], Told(2));
        Assert.Contains("It is now Thief (thief@else.example).", ledger.Books.ListNotices()[1].Body, StringComparison.Ordinal);
        await ByTwoAsync(ledger, () => maker.SetBankDetailsAsync(party, "Thief", German));
        Assert.Equal(["ada@host.example", "thief@else.example"], Told(3));
        Assert.Contains("\u20683000\u2069", ledger.Books.ListNotices()[^1].Body, StringComparison.Ordinal);
        ledger.Clock.Now += TimeSpan.FromDays(31);
        await ByTwoAsync(ledger, () => maker.SetBankDetailsAsync(party, "Hostess", Spanish));
        Assert.Equal(["thief@else.example"], Told(5));

        string[] Told(int from) => [.. ledger.Books.ListNotices().Where(notice => notice.Number >= from).Select(notice => notice.ToEmail ?? "")];
    }

    [Fact]
    public async Task What_is_no_contact_is_refused_by_name()
    {
        await using var ledger = await WithPartiesAsync();
        foreach (var email in new[] { "ada", "ada@", "@x.example", "a b@x.example", "Ada <ada@x.example>", "ada@x.example\r\nBcc: e@x.example", "ada,b@x.example", "adá@x.example" })
        {
            var error = await Assert.ThrowsAsync<LedgerRefusedException>(() => ledger.Books.SetContactAsync(ledger.Host.Id, "Ada", email));
            Assert.Contains(error.Refusal, new[] { Refusal.InvalidContact, Refusal.InvalidText });
        }
        await RefusedAsync(Refusal.InvalidContact, () => ledger.Books.SetContactAsync(ledger.Host.Id, "Ada", "ada@x.example", "xx"));
        await RefusedAsync(Refusal.UnknownParty, () => ledger.Books.SetContactAsync("pty_0", "Ada", "ada@x.example"));
        await RefusedAsync(Refusal.InvalidText, () => ledger.Books.SetContactAsync(ledger.Host.Id, "Ada\nBcc: x", "ada@x.example"));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("es")]
    [InlineData("ar")]
    [InlineData("fa")]
    public void A_message_says_what_the_notice_says_in_any_language(string language)
    {
        var details = new BankDetails("pty_a", 2, "Ada", Spanish, null, November, November + BankDetails.Hold);
        var (title, body) = NoticeWords.Of(language).OfBank("دار النشر 🦙 Ñandú", "key_1", details, language);
        Assert.Contains("1332", body, StringComparison.Ordinal);
        Assert.Contains("2026-11-08 12:00 UTC", body, StringComparison.Ordinal);
        if (language != "en")
            Assert.NotEqual(NoticeWords.Of("en").BankTitle, title);
        var name = string.Concat(Enumerable.Repeat("نور 🦙 ", 20)).Trim();
        var mail = NoticeMail.Write(new(3, "pty_a", name, "ada@x.example", language, title, body, November), "finance@host.example");
        var lines = mail.Split("\r\n");
        Assert.All(lines, line => Assert.True(line.Length <= 78 && line.All(letter => letter is >= ' ' and <= '~'), line));
        Assert.DoesNotContain('\n', mail.Replace("\r\n", "", StringComparison.Ordinal));
        var end = Array.IndexOf(lines, "");
        Assert.Equal(body.Replace("\n", "\r\n", StringComparison.Ordinal), Encoding.UTF8.GetString(Convert.FromBase64String(string.Concat(lines[(end + 1)..]))));
        Assert.Contains("Date: Thu, 05 Nov 2026 12:00:00 +0000", lines);
        var header = string.Join("\r\n", lines[..end]).Replace("\r\n ", " ", StringComparison.Ordinal).Split("\r\n");
        Assert.Equal(title, Decode(header.Single(line => line.StartsWith("Subject: ", StringComparison.Ordinal))["Subject: ".Length..]));
        var to = header.Single(line => line.StartsWith("To: ", StringComparison.Ordinal))["To: ".Length..];
        Assert.Equal(name, Decode(to[..to.LastIndexOf(' ')]));
        Assert.EndsWith(" <ada@x.example>", to, StringComparison.Ordinal);
        // The framework's own reader of addresses sees the same.
        Assert.Equal("ada@x.example", new MailAddress(to).Address);
        Assert.Throws<LedgerRefusedException>(() => NoticeMail.Write(new(3, "p", "A", null, "en", "t", "b", November), "a@b\r\nBcc: c@d"));
    }

    /// <summary>RFC 2047: encoded words side by side are joined without the space between them.</summary>
    private static string Decode(string words) => string.Concat(words.Split(' ').Select(word =>
    {
        Assert.True(word.Length <= 75 && word.StartsWith("=?utf-8?B?", StringComparison.Ordinal) && word.EndsWith("?=", StringComparison.Ordinal), word);
        // Each word holds whole characters.
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Convert.FromBase64String(word["=?utf-8?B?".Length..^2]));
    }));

    private static async Task<T> ByTwoAsync<T>(TestLedger ledger, Func<Task<T>> act)
    {
        var waiting = await Assert.ThrowsAsync<ApprovalNeededException>(act);
        await ledger.Books.DecideProposalAsync(waiting.Proposal.Id, approve: true);
        return await act();
    }
}
