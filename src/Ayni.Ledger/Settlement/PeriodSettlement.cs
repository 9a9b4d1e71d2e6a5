using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>How far a period is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PeriodStatus>))]
public enum PeriodStatus
{
    /// <summary>It takes entries.</summary>
    [JsonStringEnumMemberName("open")]
    Open = 0,

    /// <summary>It takes no more charges; its shares are being computed.</summary>
    [JsonStringEnumMemberName("closing")]
    Closing = 1,

    /// <summary>It never changes again.</summary>
    [JsonStringEnumMemberName("closed")]
    Closed = 2,
}

/// <summary>What a period comes to for one party in one currency: <c>CarryIn + Earned = Payable + CarryOut</c>, exactly.</summary>
/// <param name="PartyId">The party.</param>
/// <param name="CarryIn">What earlier periods left over.</param>
/// <param name="Earned">Its shares of the period's revenue.</param>
/// <param name="Payable">What it is paid: whole minor units of the currency.</param>
/// <param name="CarryOut">What is left over for the next period.</param>
public sealed record PartyTotal(string PartyId, Amount CarryIn, Amount Earned, Amount Payable, Amount CarryOut)
{
    /// <summary>The currency of all four.</summary>
    public Currency Currency => Earned.Currency;
}

/// <summary>A period's outcome.</summary>
/// <param name="Period">The period.</param>
/// <param name="Status">Closed, or all below is an estimate.</param>
/// <param name="Totals">For each party and currency, in that order.</param>
public sealed record PeriodSettlement(Period Period, PeriodStatus Status, ImmutableArray<PartyTotal> Totals)
{
    /// <summary>Two settlements are equal if all they say is.</summary>
    public bool Equals(PeriodSettlement? other) =>
        other is not null && Period == other.Period && Status == other.Status && Totals.SequenceEqual(other.Totals);

    /// <inheritdoc/>
    public override int GetHashCode() => Period.GetHashCode();
}
