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
/// <param name="PartsPerMillion">The party's share; null where a document shares the month's revenue, not each line.</param>
/// <param name="Amount">What the share comes to; null likewise.</param>
public sealed record StatementLine(
    string Model, string? AppId, long AgreementVersion, Period ServicePeriod, long Receipts, TokenCounts Counts, Amount Gross,
    int? PartsPerMillion, Amount? Amount)
{
    /// <summary>The adapter that the requests used, if any.</summary>
    public string? Adapter { get; init; }

    /// <summary>The country of the customers, if known.</summary>
    public string? Territory { get; init; }

    /// <summary>The host that served, if it is known.</summary>
    public string? HostId { get; init; }

    /// <summary>Whether the customers belong to the app's developer, who earns no share of what it uses itself.</summary>
    public bool IsOwnUse { get; init; }

    /// <summary>What of the charges was returned and is not shared; null for nothing.</summary>
    public Amount? Returned { get; init; }

    /// <summary>Whether a receipt is one of the line's.</summary>
    internal bool Covers(RevenueGroup receipt) =>
        receipt.Currency == Currency && receipt.Model == Model && receipt.AppId == AppId && receipt.AgreementVersion == AgreementVersion
        && receipt.ServicePeriod == ServicePeriod && receipt.Adapter == Adapter && receipt.Territory == Territory && receipt.IsOwnUse == IsOwnUse
        && receipt.HostId == HostId;

    internal static StatementLine Of(NetLine line, int? partsPerMillion, Amount? amount)
    {
        var group = line.Line.Group;
        return new(
            group.Model, group.AppId, group.AgreementVersion, group.ServicePeriod, line.Line.Receipts, line.Line.Counts, line.Line.Gross,
            partsPerMillion, amount)
        {
            Adapter = group.Adapter,
            Territory = group.Territory,
            HostId = group.HostId,
            IsOwnUse = group.IsOwnUse,
            Returned = line.Returned.Sign == 0 ? null : line.Returned,
        };
    }

    /// <summary>The currency of both amounts.</summary>
    public Currency Currency => Gross.Currency;
}

/// <summary>What one party has of one share of an agreement's document, and how it came about.</summary>
/// <param name="Agreement">The agreement's name.</param>
/// <param name="AgreementVersion">Its version.</param>
/// <param name="Share">The share's name; null for what the collector keeps.</param>
/// <param name="Steps">How, step by step.</param>
/// <param name="Amount">What the party has of it.</param>
public sealed record StatementShare(
    string Agreement, long AgreementVersion, string? Share, ImmutableArray<EvaluationStep> Steps, Amount Amount)
{
    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>Two shares are equal if all they say is.</summary>
    public bool Equals(StatementShare? other) =>
        other is not null && Agreement == other.Agreement && AgreementVersion == other.AgreementVersion && Share == other.Share
        && Amount == other.Amount && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Agreement, AgreementVersion, Share);
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
    /// <summary>The party's name in law, if it is known.</summary>
    public string? LegalName { get; init; }

    /// <summary>Its number with the tax office, if it is known.</summary>
    public string? TaxId { get; init; }

    /// <summary>Its address, if it is known.</summary>
    public string? Address { get; init; }

    /// <summary>Its country, if it is known.</summary>
    public string? Country { get; init; }

    /// <summary>The zone whose month it is, by its IANA name; null for UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>What it has of the shares of agreements' documents, in the order in which they were worked out.</summary>
    public ImmutableArray<StatementShare> Shares { get; init; } = [];

    /// <summary>Whether an objection is the party's to something of this month.</summary>
    public bool IsDisputedBy(Objection objection) => objection.RaisedBy == PartyId && objection.Period == Period;

    /// <summary>Two statements are equal if all they say is.</summary>
    public bool Equals(Statement? other) =>
        other is not null && Period == other.Period && Status == other.Status && PartyId == other.PartyId && PartyName == other.PartyName
        && Role == other.Role && Lines.SequenceEqual(other.Lines) && Totals.SequenceEqual(other.Totals)
        && Zone == other.Zone && LegalName == other.LegalName && TaxId == other.TaxId && Address == other.Address && Country == other.Country
        && Shares.SequenceEqual(other.Shares);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Period, PartyId);
}
