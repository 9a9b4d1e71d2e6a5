using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a key opens.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<KeyRole>))]
public enum KeyRole
{
    /// <summary>Requests for tokens, and what its own customer used and owes.</summary>
    [JsonStringEnumMemberName("customer")]
    Customer,

    /// <summary>Parties, customers, apps, keys, prices, agreements; and to read everything.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator,

    /// <summary>The close of months and what is paid; and to read everything.</summary>
    [JsonStringEnumMemberName("finance")]
    Finance,

    /// <summary>What its own party earns.</summary>
    [JsonStringEnumMemberName("party")]
    Party,

    /// <summary>To read everything, and to change nothing.</summary>
    [JsonStringEnumMemberName("auditor")]
    Auditor,

    /// <summary>To report usage that was counted elsewhere, and nothing else.</summary>
    [JsonStringEnumMemberName("meter")]
    Meter,
}

/// <summary>The names of key roles as users write them.</summary>
public static class KeyRoleNames
{
    /// <summary>The role's name, such as <c>operator</c>.</summary>
    public static string Name(this KeyRole role) => role switch
    {
        KeyRole.Customer => "customer",
        KeyRole.Operator => "operator",
        KeyRole.Finance => "finance",
        KeyRole.Party => "party",
        KeyRole.Auditor => "auditor",
        KeyRole.Meter => "meter",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>Whether keys of this role approve what others propose.</summary>
    internal static bool Decides(this KeyRole role) => role is KeyRole.Operator or KeyRole.Finance;

    /// <summary>Finds a role by its name.</summary>
    public static bool TryParse(string? name, out KeyRole role)
    {
        foreach (var candidate in Enum.GetValues<KeyRole>())
        {
            role = candidate;
            if (candidate.Name() == name)
                return true;
        }
        role = default;
        return false;
    }
}
