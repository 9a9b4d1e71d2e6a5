namespace Ayni.Ledger;

/// <summary>What a party does for the service.</summary>
public enum Role
{
    /// <summary>Owns the model.</summary>
    Licensor,

    /// <summary>Runs the machines.</summary>
    Host,

    /// <summary>Wrote an app that brings requests.</summary>
    Developer,

    /// <summary>Made an adapter that requests use.</summary>
    AdapterAuthor,

    /// <summary>Gave data that a model or adapter learned from.</summary>
    DataContributor,

    /// <summary>Paid in advance for a model or adapter.</summary>
    Backer,

    /// <summary>Sells access to others' services.</summary>
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
