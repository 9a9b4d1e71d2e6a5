using System.Data.Common;

namespace Ayni.Ledger;

/// <summary>The SQL of proposals.</summary>
internal static class ApprovalRows
{
    private const string Columns =
        """
        SELECT p.id, p.action, p.terms, p.proposed_by, p.proposed, p.expires, d.decided_by, d.approved, u.done
        FROM proposals p LEFT JOIN decisions d ON d.proposal = p.id LEFT JOIN proposals_done u ON u.proposal = p.id
        """;

    private static readonly PagedQuery Every = new(Columns, "p.number", "SELECT number FROM proposals WHERE id = $1");

    public static bool FourEyes(Session session) => (long)session.Scalar("SELECT four_eyes FROM ledger")! == 1;

    public static void SetFourEyes(Session session, bool on) => session.Execute("UPDATE ledger SET four_eyes = $1", on ? 1 : 0);

    public static void Insert(Session session, Proposal proposal) => session.Execute(
        """
        INSERT INTO proposals (id, number, action, terms, proposed_by, proposed, expires)
        VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM proposals), $2, $3, $4, $5, $6)
        """,
        proposal.Id, proposal.Action.Name(), proposal.Terms, proposal.ProposedBy, proposal.Proposed.Microseconds(),
        proposal.Expires.Microseconds());

    public static void Decide(Session session, string id, string by, bool approve, DateTimeOffset now) => session.Execute(
        "INSERT INTO decisions (proposal, decided_by, decided, approved) VALUES ($1, $2, $3, $4)", id, by, now.Microseconds(), approve ? 1 : 0);

    public static void MarkDone(Session session, string id, DateTimeOffset now) =>
        session.Execute("INSERT INTO proposals_done (proposal, done) VALUES ($1, $2)", id, now.Microseconds());

    public static Proposal? Find(Session session, string id, DateTimeOffset now) =>
        session.Query($"{Columns} WHERE p.id = $1", id).ReadFirst(row => Read(row, now));

    /// <summary>The last proposal of the same words.</summary>
    public static Proposal? Last(Session session, ProposedAction action, string terms, DateTimeOffset now) => session.Query(
        $"{Columns} WHERE p.action = $1 AND p.terms = $2 ORDER BY p.number DESC LIMIT 1", action.Name(), terms)
        .ReadFirst(row => Read(row, now));

    /// <summary>Proposals, oldest first.</summary>
    public static IReadOnlyList<Proposal> All(Session session, DateTimeOffset now, string after, int limit) =>
        Every.Query(session, after, limit).ReadAll(row => Read(row, now));

    public static string Name(this ProposedAction action) => action switch
    {
        ProposedAction.Price => "price",
        ProposedAction.Agreement => "agreement",
        ProposedAction.Close => "close",
        ProposedAction.Payout => "payout",
        ProposedAction.BankDetails => "bank_details",
        ProposedAction.Key => "key",
        ProposedAction.FourEyesOff => "four_eyes_off",
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    public static string Name(this ProposalStatus status) => status switch
    {
        ProposalStatus.Open => "open",
        ProposalStatus.Approved => "approved",
        ProposalStatus.Rejected => "rejected",
        ProposalStatus.Done => "done",
        ProposalStatus.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    private static Proposal Read(DbDataReader row, DateTimeOffset now)
    {
        var action = Enum.GetValues<ProposedAction>().Cast<ProposedAction?>().FirstOrDefault(action => action!.Value.Name() == row.GetString(1))
            ?? throw Rows.Damaged($"a proposal of '{row.GetString(1)}'");
        var expires = row.GetInstant(5);
        var status = !row.IsDBNull(8) ? ProposalStatus.Done
            : !row.IsDBNull(7) && row.GetInt64(7) == 0 ? ProposalStatus.Rejected
            : now >= expires ? ProposalStatus.Expired
            : !row.IsDBNull(7) ? ProposalStatus.Approved
            : ProposalStatus.Open;
        return new(row.GetString(0), action, row.GetString(2), row.GetString(3), row.GetInstant(4), expires, row.GetText(6), status);
    }
}
