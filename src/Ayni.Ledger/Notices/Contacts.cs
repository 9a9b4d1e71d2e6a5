namespace Ayni.Ledger;

/// <summary>Sets contacts and writes notices to them. A job of the writer, or a part of one.</summary>
internal static class Contacts
{
    /// <summary>
    /// How long somebody who was the contact is still told: so that who changes the contact first, and the account then, is not the only
    /// one to hear of it.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    /// <summary>Refuses what can't be anybody's; true if it would change what is set, so that a second key has to approve it.</summary>
    public static bool Changes(Transaction transaction, Contact contact)
    {
        contact.Checked();
        _ = NameOf(transaction.Session, contact.Subject);
        return NoticeRows.LastContact(transaction.Session, contact.Subject) is { } last && !Same(last, contact);
    }

    /// <summary>Sets a contact. Who was it before is told.</summary>
    public static Contact Set(Transaction transaction, Contact contact)
    {
        var session = transaction.Session;
        var last = NoticeRows.LastContact(session, contact.Subject);
        if (last is not null && Same(last, contact))
            return last;
        var set = contact with { Version = (last?.Version ?? 0) + 1, Recorded = transaction.Now };
        if (last is not null)
            Tell(transaction, contact.Subject, (words, name, language) => words.OfContact(name, transaction.Actor, set, language));
        NoticeRows.Insert(session, set);
        transaction.Note("set_contact", contact.Subject, last, set, LedgerJson.Default.Contact);
        return set;
    }

    /// <summary>Writes to whoever is the contact or was in the last days, or, where nobody ever was, to the subject itself.</summary>
    public static void Tell(
        Transaction transaction, string subject, Func<NoticeWords, string, string, (string Title, string Body)> write)
    {
        var session = transaction.Session;
        var (name, contacts) = (NameOf(session, subject), NoticeRows.Contacts(session, subject));
        // One is the contact until the next is recorded.
        var told = contacts.Where((_, i) => i + 1 == contacts.Count || contacts[i + 1].Recorded > transaction.Now - Memory)
            .DistinctBy(contact => (contact.Email, contact.Language))
            .Select(contact => (contact.Name, (string?)contact.Email, contact.Language));
        foreach (var (toName, toEmail, language) in told.DefaultIfEmpty((name, null, StatementLanguage.English.Code)))
        {
            var (title, body) = write(NoticeWords.Of(language), name, language);
            NoticeRows.Insert(session, new Notice(0, subject, toName, toEmail, language, title, body, transaction.Now));
        }
    }

    /// <summary>Records that a notice was sent; the same again changes nothing.</summary>
    public static Notice MarkSent(Transaction transaction, long number, string how)
    {
        Text.Demand(how, "way by which it was sent");
        var notice = NoticeRows.Find(transaction.Session, number)
            ?? throw new LedgerRefusedException(Refusal.UnknownNotice, $"There is no notice {number}.");
        if (notice.SentAt is not null)
            return notice;
        var sent = notice with { SentAt = transaction.Now, SentBy = transaction.Actor, How = how };
        NoticeRows.InsertSent(transaction.Session, sent);
        transaction.Note(
            "send_notice", number.ToString(System.Globalization.CultureInfo.InvariantCulture), notice, sent, LedgerJson.Default.Notice);
        return sent;
    }

    private static bool Same(Contact left, Contact right) =>
        left.Name == right.Name && left.Email == right.Email && left.Language == right.Language;

    private static string NameOf(Session session, string subject) =>
        RegistryRows.Party(session, subject)?.Name
        ?? (InvoiceRows.Entities(session).Contains(subject, StringComparer.Ordinal)
            ? subject
            : throw Registry.Unknown(Refusal.UnknownParty, "party or legal entity", subject));
}
