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
        if (request.Headers.Authorization.Count == 0)
            throw ApiException.InvalidKey(missing: true);
        return books.Authenticate(TextOf(request)) ?? throw ApiException.InvalidKey(missing: false);
    }

    /// <summary>The text of the key that a request presents; empty where there is none.</summary>
    public static string TextOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
    }

    /// <summary>
    /// The key a request presents, if its role is one of some. Throws <see cref="ApiException"/> (401) as above, and (403) for another
    /// role.
    /// </summary>
    public static ApiKey Authenticate(this Books books, HttpRequest request, params ReadOnlySpan<KeyRole> roles)
    {
        var key = books.Authenticate(request);
        return roles.Contains(key.Role) ? key : throw ApiException.WrongRole(key.Role, roles);
    }
}
