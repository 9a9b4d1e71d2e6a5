using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of contacts and of notices to them.</summary>
internal static class NoticeRows
{
    private const string ContactColumns = "SELECT subject, version, name, email, language, recorded FROM contacts";

    private const string NoticeColumns =
        """
        SELECT n.number, n.subject, n.to_name, n.to_email, n.language, n.title, n.body, n.created, s.sent, s.by_whom, s.how
        FROM notices n LEFT JOIN notices_sent s ON s.notice = n.number
        """;

    private static readonly PagedQuery Every = new(NoticeColumns, "n.number");

    public static void Insert(Session session, Contact contact) => session.Execute(
        "INSERT INTO contacts (subject, version, name, email, language, recorded) VALUES ($1, $2, $3, $4, $5, $6)",
        contact.Subject, contact.Version, contact.Name, contact.Email, contact.Language, contact.Recorded.Microseconds());

    /// <summary>Every version of somebody's contact, oldest first.</summary>
    public static IReadOnlyList<Contact> Contacts(Session session, string subject) =>
        [.. session.Query($"{ContactColumns} WHERE subject = $1 ORDER BY version", subject).ReadAll(ReadContact)];

    public static Contact? LastContact(Session session, string subject) =>
        session.Query($"{ContactColumns} WHERE subject = $1 ORDER BY version DESC LIMIT 1", subject).ReadFirst(ReadContact);

    public static void Insert(Session session, Notice notice) => session.Execute(
        """
        INSERT INTO notices (number, subject, to_name, to_email, language, title, body, created)
        VALUES ((SELECT coalesce(max(number), 0) + 1 FROM notices), $1, $2, $3, $4, $5, $6, $7)
        """,
        notice.Subject, notice.ToName, notice.ToEmail, notice.Language, notice.Title, notice.Body, notice.Created.Microseconds());

    public static void InsertSent(Session session, Notice notice) => session.Execute(
        "INSERT INTO notices_sent (notice, sent, by_whom, how) VALUES ($1, $2, $3, $4)",
        notice.Number, notice.SentAt!.Value.Microseconds(), notice.SentBy, notice.How);

    public static Notice? Find(Session session, long number) => session.Query($"{NoticeColumns} WHERE n.number = $1", number).ReadFirst(ReadNotice);

    /// <summary>Notices, oldest first.</summary>
    public static IReadOnlyList<Notice> All(Session session, long after, int limit) => Every.Query(session, after, limit).ReadAll(ReadNotice);

    private static Contact ReadContact(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInstant(5));

    private static Notice ReadNotice(DbDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetText(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetInstant(7),
        row.GetInstantOrNull(8), row.GetText(9), row.GetText(10));
}
