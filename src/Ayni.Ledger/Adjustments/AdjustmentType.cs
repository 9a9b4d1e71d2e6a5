using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>The kinds of adjustments, in the order in which a close finds them.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<AdjustmentType>))]
public enum AdjustmentType
{
    /// <summary>All of a month at the rate of the volume it has reached, less what was charged on the way.</summary>
    [JsonStringEnumMemberName("volume_true_up")]
    VolumeTrueUp = 0,

    /// <summary>The rest of the package begun last.</summary>
    [JsonStringEnumMemberName("package_remainder")]
    PackageRemainder = 1,

    /// <summary>A month's subscription.</summary>
    [JsonStringEnumMemberName("subscription_fee")]
    SubscriptionFee = 2,

    /// <summary>What a month lacks to its minimum.</summary>
    [JsonStringEnumMemberName("minimum_charge")]
    MinimumCharge = 3,

    /// <summary>What was left of a prepaid credit when it expired.</summary>
    [JsonStringEnumMemberName("credit_expiry")]
    CreditExpiry = 4,
}

/// <summary>The names of adjustments, and of the entries that post them.</summary>
public static class AdjustmentTypeNames
{
    internal static EntryKind EntryKind(this AdjustmentType type) => type switch
    {
        AdjustmentType.VolumeTrueUp => Ledger.EntryKind.VolumeTrueUp,
        AdjustmentType.PackageRemainder => Ledger.EntryKind.PackageRemainder,
        AdjustmentType.SubscriptionFee => Ledger.EntryKind.SubscriptionFee,
        AdjustmentType.MinimumCharge => Ledger.EntryKind.MinimumCharge,
        AdjustmentType.CreditExpiry => Ledger.EntryKind.CreditExpiry,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>The type's name, such as <c>minimum_charge</c>.</summary>
    public static string Name(this AdjustmentType type) => JournalRows.NameOf(type.EntryKind());

    /// <summary>Finds a type by its name.</summary>
    public static bool TryParse(string name, out AdjustmentType type)
    {
        foreach (var candidate in Enum.GetValues<AdjustmentType>())
        {
            type = candidate;
            if (candidate.Name() == name)
                return true;
        }
        type = default;
        return false;
    }
}
