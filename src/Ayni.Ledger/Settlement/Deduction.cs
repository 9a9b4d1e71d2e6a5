using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What lessens revenue, in the order in which an evaluation takes it off: refunds, then taxes, then fees.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<DeductionType>))]
public enum DeductionType
{
    /// <summary>Money given back to a customer, or a charge forgiven by a credit note.</summary>
    [JsonStringEnumMemberName("refund")]
    Refund = 0,

    /// <summary>A payment that a customer's bank took back.</summary>
    [JsonStringEnumMemberName("chargeback")]
    Chargeback = 1,

    /// <summary>A charge that nobody will pay.</summary>
    [JsonStringEnumMemberName("bad_debt")]
    BadDebt = 2,

    /// <summary>Tax within what was charged, which is the state's.</summary>
    [JsonStringEnumMemberName("tax")]
    Tax = 3,

    /// <summary>What payment providers took.</summary>
    [JsonStringEnumMemberName("payment_fee")]
    PaymentFee = 4,

    /// <summary>What a store outside took.</summary>
    [JsonStringEnumMemberName("store_fee")]
    StoreFee = 5,

    /// <summary>Another cost that an agreement names.</summary>
    [JsonStringEnumMemberName("other")]
    Other = 6,
}

/// <summary>The names of deduction types as users write them.</summary>
public static class DeductionTypeNames
{
    /// <summary>The type's name in small letters with hyphens, such as <c>payment-fee</c>.</summary>
    public static string Name(this DeductionType type) => type switch
    {
        DeductionType.Refund => "refund",
        DeductionType.Chargeback => "chargeback",
        DeductionType.BadDebt => "bad-debt",
        DeductionType.Tax => "tax",
        DeductionType.PaymentFee => "payment-fee",
        DeductionType.StoreFee => "store-fee",
        DeductionType.Other => "other",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Finds a type by its name.</summary>
    public static bool TryParse(string? name, out DeductionType type)
    {
        foreach (var candidate in Enum.GetValues<DeductionType>())
        {
            type = candidate;
            if (candidate.Name() == name)
                return true;
        }
        type = default;
        return false;
    }
}

/// <summary>
/// Something that lessens what is shared, with its evidence. Agreements say which types they take off, and up to what part of the gross;
/// what none takes off is borne by the collector.
/// </summary>
/// <param name="Type">What it is.</param>
/// <param name="EvidenceId">What proves it: a credit note's, a provider's report's, a tax return's own number. Unique with its type,
/// model and app.</param>
/// <param name="Period">The month it counts in: the service period, or the first month after it that was open when it was recorded.</param>
/// <param name="ServicePeriod">The month it is about.</param>
/// <param name="Model">The model whose revenue it lessens; null for every model's, in proportion to their revenue.</param>
/// <param name="AppId">The app whose revenue it lessens; null for every app's and none's, in proportion, or for none's.</param>
/// <param name="Amount">How much. Negative takes an earlier one back.</param>
/// <param name="Entry">
/// The journal's entry that took it out of <c>revenue:PERIOD:MODEL</c> already, so that there is less to share; null where only the bases
/// of shares are less.
/// </param>
/// <param name="IsOfNoApp">Whether, without an app, it lessens only revenue that came from none.</param>
/// <param name="SignedBy">The customer's signature under it, where that is its evidence, too.</param>
public sealed record Deduction(
    DeductionType Type, string EvidenceId, Period Period, Period ServicePeriod, string? Model, string? AppId, Amount Amount,
    long? Entry = null, bool IsOfNoApp = false, CustomerSignature? SignedBy = null)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;
}
