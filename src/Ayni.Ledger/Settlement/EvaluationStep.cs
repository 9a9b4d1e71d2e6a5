using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>The steps of an evaluation, in their order. <c>docs/ledger.md</c> works a month out for each.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StepKind>))]
public enum StepKind
{
    /// <summary>The revenue in the share's scope.</summary>
    [JsonStringEnumMemberName("revenue")]
    Revenue = 0,

    /// <summary>Refunds, chargebacks and bad debts taken off.</summary>
    [JsonStringEnumMemberName("refunds")]
    Refunds = 1,

    /// <summary>Taxes taken off.</summary>
    [JsonStringEnumMemberName("taxes")]
    Taxes = 2,

    /// <summary>The marketplace's, the payment providers', stores' and other fees taken off.</summary>
    [JsonStringEnumMemberName("fees")]
    Fees = 3,

    /// <summary>What deductions of earlier months exceeded their revenue by.</summary>
    [JsonStringEnumMemberName("carried_deductions")]
    CarriedDeductions = 4,

    /// <summary>What the share is a share of; never negative.</summary>
    [JsonStringEnumMemberName("base")]
    Base = 5,

    /// <summary>A rate applied to a part of the base.</summary>
    [JsonStringEnumMemberName("rate")]
    Rate = 6,

    /// <summary>The unit of 10⁻¹² that the largest remainder got, or lost by being cut off.</summary>
    [JsonStringEnumMemberName("rounding")]
    Rounding = 7,

    /// <summary>The fixed amount.</summary>
    [JsonStringEnumMemberName("fixed")]
    Fixed = 8,

    /// <summary>What raises the share to its floor.</summary>
    [JsonStringEnumMemberName("floor")]
    Floor = 9,

    /// <summary>What lies above the cap.</summary>
    [JsonStringEnumMemberName("cap")]
    Cap = 10,

    /// <summary>What late receipts add to a closed month's share.</summary>
    [JsonStringEnumMemberName("correction")]
    Correction = 11,

    /// <summary>What raises the share to its guarantee.</summary>
    [JsonStringEnumMemberName("guarantee")]
    Guarantee = 12,

    /// <summary>What comes off for guarantees of earlier months.</summary>
    [JsonStringEnumMemberName("guarantee_recovered")]
    GuaranteeRecovered = 13,

    /// <summary>What goes to earn an advance back.</summary>
    [JsonStringEnumMemberName("recoupment")]
    Recoupment = 14,

    /// <summary>The advance paid.</summary>
    [JsonStringEnumMemberName("advance")]
    Advance = 15,

    /// <summary>What the share comes to.</summary>
    [JsonStringEnumMemberName("share")]
    Share = 16,

    /// <summary>A party's part of it.</summary>
    [JsonStringEnumMemberName("part")]
    Part = 17,

    /// <summary>What there was to share, at the head of the collector's own account.</summary>
    [JsonStringEnumMemberName("distributable")]
    Distributable = 18,

    /// <summary>What the collector paid as a share.</summary>
    [JsonStringEnumMemberName("paid")]
    Paid = 19,
}

/// <summary>The names of steps as scripts read them.</summary>
public static class StepKindNames
{
    /// <summary>The step's name in small letters, such as <c>guarantee_recovered</c>.</summary>
    public static string Name(this StepKind kind) => kind switch
    {
        StepKind.Revenue => "revenue",
        StepKind.Refunds => "refunds",
        StepKind.Taxes => "taxes",
        StepKind.Fees => "fees",
        StepKind.CarriedDeductions => "carried_deductions",
        StepKind.Base => "base",
        StepKind.Rate => "rate",
        StepKind.Rounding => "rounding",
        StepKind.Fixed => "fixed",
        StepKind.Floor => "floor",
        StepKind.Cap => "cap",
        StepKind.Correction => "correction",
        StepKind.Guarantee => "guarantee",
        StepKind.GuaranteeRecovered => "guarantee_recovered",
        StepKind.Recoupment => "recoupment",
        StepKind.Advance => "advance",
        StepKind.Share => "share",
        StepKind.Part => "part",
        StepKind.Distributable => "distributable",
        StepKind.Paid => "paid",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}

/// <summary>One step of an evaluation.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Detail">By what: a deduction's type, a rate, a month, a share's name; the same in every language. Null where the kind says
/// all.</param>
/// <param name="Amount">What it adds, negative if it takes off.</param>
/// <param name="Result">What it leaves.</param>
public sealed record EvaluationStep(StepKind Kind, string? Detail, Amount Amount, Amount Result);

/// <summary>A party's part of a share.</summary>
/// <param name="PartyId">Who.</param>
/// <param name="Detail">Its weight of all weights, or what it paid of what all backers paid; null for who has all.</param>
/// <param name="Amount">How much.</param>
public sealed record SharePart(string PartyId, string? Detail, Amount Amount);

/// <summary>What a close adds to what is carried for a share. All that is carried is the sum of such rows.</summary>
/// <param name="Revenue">To the month's revenue, before anything is taken off.</param>
/// <param name="Base">To the month's base.</param>
/// <param name="CarriedDeductions">To the deductions that exceed revenue.</param>
/// <param name="ToppedUp">To what guarantees have paid above what was earned.</param>
/// <param name="Advanced">To what was paid in advance.</param>
/// <param name="Recouped">To what of it was earned back.</param>
/// <param name="Paid">To what the share has come to.</param>
public sealed record ShareCarry(
    Amount Revenue, Amount Base, Amount CarriedDeductions, Amount ToppedUp, Amount Advanced, Amount Recouped, Amount Paid)
{
    /// <summary>Nothing.</summary>
    public static ShareCarry Zero(Currency currency)
    {
        var zero = Amount.Zero(currency);
        return new(zero, zero, zero, zero, zero, zero, zero);
    }

    /// <summary>The sum of two.</summary>
    public static ShareCarry operator +(ShareCarry left, ShareCarry right) => new(
        left.Revenue + right.Revenue, left.Base + right.Base, left.CarriedDeductions + right.CarriedDeductions,
        left.ToppedUp + right.ToppedUp, left.Advanced + right.Advanced, left.Recouped + right.Recouped, left.Paid + right.Paid);
}

/// <summary>What carries from month to month: a share of an agreement, and the developer it is for where each has their own.</summary>
/// <param name="Agreement">The agreement's name.</param>
/// <param name="Share">The share's name.</param>
/// <param name="DeveloperId">The developer; empty for a share that names its payees.</param>
/// <param name="Currency">The currency.</param>
public readonly record struct ShareKey(string Agreement, string Share, string DeveloperId, Currency Currency);

/// <summary>What a share came to in a period, and how.</summary>
/// <param name="Key">Which.</param>
/// <param name="Steps">How, step by step.</param>
/// <param name="Parts">Who gets it; the parts add up to <see cref="Amount"/>.</param>
/// <param name="Amount">How much, never negative.</param>
/// <param name="Carry">What it adds to what is carried, by the month it is about: the period itself, and earlier ones for late
/// receipts.</param>
public sealed record ShareResult(
    ShareKey Key, ImmutableArray<EvaluationStep> Steps, ImmutableArray<SharePart> Parts, Amount Amount,
    [property: JsonIgnore] ImmutableArray<(Period Month, ShareCarry Carry)> Carry);

/// <summary>What an agreement came to in a period and currency.</summary>
/// <param name="Agreement">Its version.</param>
/// <param name="Name">Its name.</param>
/// <param name="CollectorId">Who keeps what the shares leave.</param>
/// <param name="Distributable">What there was to share.</param>
/// <param name="Shares">The shares in the order they were worked out.</param>
/// <param name="CollectorSteps">How the collector's rest came about.</param>
/// <param name="Rest">
/// The collector's: <see cref="Distributable"/> less all shares, exactly; negative where guarantees, advances or fixed amounts exceed what
/// there was.
/// </param>
public sealed record AgreementResult(
    long Agreement, string Name, string CollectorId, Amount Distributable, ImmutableArray<ShareResult> Shares,
    ImmutableArray<EvaluationStep> CollectorSteps, Amount Rest)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Distributable.Currency;
}
