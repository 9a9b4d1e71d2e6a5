using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// Which names a request's Host header may hold. A page on the web can have its own name resolve to this machine and so talk to a host
/// on the loopback address with a visitor's browser (DNS rebinding); the header then still holds the page's name.
/// </summary>
internal sealed class HostAllowList
{
    private readonly FrozenSet<string>? _names;

    public HostAllowList(HostOptions options)
    {
        if (!IPAddress.IsLoopback(options.ListenAddress) && options.AllowedHosts.IsEmpty)
            return;
        _names = options.AllowedHosts.Concat(["localhost", "127.0.0.1", "[::1]"]).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Throws <see cref="ApiException"/> (403) for a name that is not ours.</summary>
    public void Check(HttpRequest request)
    {
        if (_names is not null && !_names.Contains(request.Host.Host))
            throw ApiException.ForeignHost();
    }
}
