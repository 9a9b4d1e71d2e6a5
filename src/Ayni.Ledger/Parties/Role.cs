using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What a party does for the service.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<Role>))]
public enum Role
{
    /// <summary>Owns the model.</summary>
    [JsonStringEnumMemberName("licensor")]
    Licensor,

    /// <summary>Runs the machines.</summary>
    [JsonStringEnumMemberName("host")]
    Host,

    /// <summary>Wrote an app that brings requests.</summary>
    [JsonStringEnumMemberName("developer")]
    Developer,

    /// <summary>Made an adapter that requests use.</summary>
    [JsonStringEnumMemberName("adapter-author")]
    AdapterAuthor,

    /// <summary>Gave data that a model or adapter learned from.</summary>
    [JsonStringEnumMemberName("data-contributor")]
    DataContributor,

    /// <summary>Paid in advance for a model or adapter.</summary>
    [JsonStringEnumMemberName("backer")]
    Backer,

    /// <summary>Sells access to others' services.</summary>
    [JsonStringEnumMemberName("store")]
    Store,
}

/// <summary>The names of roles as users write them.</summary>
public static class RoleNames
{
    /// <summary>The role's name in small letters with hyphens, such as <c>adapter-author</c>.</summary>
    public static string Name(this Role role) => role switch
    {
        Role.Licensor => "licensor",
        Role.Host => "host",
        Role.Developer => "developer",
        Role.AdapterAuthor => "adapter-author",
        Role.DataContributor => "data-contributor",
        Role.Backer => "backer",
        Role.Store => "store",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>Finds a role by its name.</summary>
    public static bool TryParse(string? name, out Role role)
    {
        foreach (var candidate in Enum.GetValues<Role>())
        {
            role = candidate;
            if (candidate.Name() == name)
                return true;
        }
        role = default;
        return false;
    }
}
