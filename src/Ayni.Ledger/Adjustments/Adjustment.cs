using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a month comes to beside its receipts' charges, of which none is ever changed.</summary>
/// <param name="Number">Its number in the ledger: 1, 2, 3, …; 0 while it is an estimate.</param>
/// <param name="Type">What it is.</param>
/// <param name="CustomerId">Who pays it, or is given it back.</param>
/// <param name="Subject">What it is about: <c>model:NAME</c>, <c>plan:NAME</c>, or a credit's id.</param>
/// <param name="Period">The month it counts in.</param>
/// <param name="ServicePeriod">The month it is about; earlier if receipts came after that month's close.</param>
/// <param name="Amount">How much; negative is given back.</param>
/// <param name="Explanation">How it was found, in a sentence.</param>
/// <param name="Parts">Which revenue it is, in order of model, app, adapter, agreement and host; the parts add up to the amount.</param>
public sealed record Adjustment(
    long Number, AdjustmentType Type, string CustomerId, string Subject, Period Period, Period ServicePeriod, Amount Amount,
    string Explanation, ImmutableArray<AdjustmentPart> Parts)
{
    /// <summary>What it is in.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What it is called among those of its period, estimated or posted.</summary>
    [JsonIgnore]
    public string Key => $"{CustomerId}/{Subject}/{ServicePeriod}/{Type.Name()}/{Currency}";

    /// <summary>Two adjustments are equal if all they say is.</summary>
    public bool Equals(Adjustment? other) =>
        other is not null && Number == other.Number && Type == other.Type && CustomerId == other.CustomerId && Subject == other.Subject
        && Period == other.Period && ServicePeriod == other.ServicePeriod && Amount == other.Amount && Explanation == other.Explanation
        && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, CustomerId, Subject);
}

/// <summary>What revenue a part of an adjustment is, and is shared as.</summary>
/// <param name="Model">The model.</param>
/// <param name="AppId">The app, if any.</param>
/// <param name="Adapter">The adapter's name, if one was used.</param>
/// <param name="AgreementVersion">The agreement that shares it.</param>
/// <param name="HostId">The host that served, if it is known.</param>
public sealed record AdjustmentShare(string Model, string? AppId, string? Adapter, long AgreementVersion, string? HostId = null);

/// <summary>A part of an adjustment.</summary>
/// <param name="Share">What revenue it is.</param>
/// <param name="Amount">How much.</param>
public sealed record AdjustmentPart(AdjustmentShare Share, Amount Amount);
