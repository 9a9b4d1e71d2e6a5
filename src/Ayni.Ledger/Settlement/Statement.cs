using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>Whether a statement is the last word.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StatementStatus>))]
public enum StatementStatus
{
    /// <summary>The period is not closed; more receipts may come.</summary>
    [JsonStringEnumMemberName("estimate")]
    Estimate = 0,

    /// <summary>The period is closed; the statement never changes.</summary>
    [JsonStringEnumMemberName("final")]
    Final = 1,
}

/// <summary>What one party earns of one model, app and agreement.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="AppId">The app, or null for requests that came from none.</param>
/// <param name="AgreementVersion">The agreement that shares the revenue.</param>
/// <param name="ServicePeriod">The month of the requests; an earlier one for receipts that came after its close.</param>
/// <param name="Receipts">How many requests.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Gross">Their charges.</param>
/// <param name="PartsPerMillion">The party's share.</param>
/// <param name="Amount">What the share comes to.</param>
public sealed record StatementLine(
    string Model, string? AppId, long AgreementVersion, Period ServicePeriod, long Receipts, TokenCounts Counts, Amount Gross,
    int PartsPerMillion, Amount Amount)
{
    /// <summary>The currency of both amounts.</summary>
    public Currency Currency => Gross.Currency;
}

/// <summary>
/// What a period comes to for one party. Computed from the journal each time and the same each time: it holds no time of its making, and
/// its lines are in ordinal order of currency, model, app, agreement and month.
/// </summary>
/// <param name="Period">The period.</param>
/// <param name="Status">Final once the period is closed.</param>
/// <param name="PartyId">The party.</param>
/// <param name="PartyName">Its name.</param>
/// <param name="Role">Its role.</param>
/// <param name="Lines">What it earned, and of what.</param>
/// <param name="Totals">One for each currency.</param>
public sealed record Statement(
    Period Period, StatementStatus Status, string PartyId, string PartyName, Role Role, ImmutableArray<StatementLine> Lines,
    ImmutableArray<PartyTotal> Totals)
{
    /// <summary>Two statements are equal if all they say is.</summary>
    public bool Equals(Statement? other) =>
        other is not null && Period == other.Period && Status == other.Status && PartyId == other.PartyId && PartyName == other.PartyName
        && Role == other.Role && Lines.SequenceEqual(other.Lines) && Totals.SequenceEqual(other.Totals);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Period, PartyId);
}
