using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>Finds whose request it is.</summary>
internal static class KeyAuthentication
{
    private const string Scheme = "Bearer ";

    /// <summary>The key a request presents. Throws <see cref="ApiException"/> (401) if there is none, or none that counts.</summary>
    public static ApiKey Authenticate(this Books books, HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length == 0)
            throw ApiException.InvalidKey(missing: true);
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw ApiException.InvalidKey(missing: false);
        return books.Authenticate(header[Scheme.Length..].Trim()) ?? throw ApiException.InvalidKey(missing: false);
    }

    /// <summary>
    /// The key a request presents, if its role is one of some. Throws <see cref="ApiException"/> (401) as above, and (403) for another role.
    /// </summary>
    public static ApiKey Authenticate(this Books books, HttpRequest request, params ReadOnlySpan<KeyRole> roles)
    {
        var key = books.Authenticate(request);
        return roles.Contains(key.Role) ? key : throw ApiException.WrongRole(key.Role, roles);
    }
}
