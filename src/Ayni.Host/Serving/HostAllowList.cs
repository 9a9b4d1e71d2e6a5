using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// Which names a request's Host header may hold. A page on the web can have its own name resolve to this machine and so talk to a host
/// with a visitor's browser (DNS rebinding); the header then still holds the page's name. An address in the header is nobody's name.
/// </summary>
internal sealed class HostAllowList
{
    private readonly FrozenSet<string> _names;
    private readonly bool _isReachable;

    public HostAllowList(HostOptions options)
    {
        _isReachable = !IPAddress.IsLoopback(options.ListenAddress);
        string[] own = ["localhost", "127.0.0.1", "[::1]", NameOf(options.ListenAddress), .. _isReachable ? [Dns.GetHostName()] : (string[])[]];
        _names = options.AllowedHosts.Concat(own).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>An address as a Host header says it.</summary>
    private static string NameOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";

    /// <summary>Throws <see cref="ApiException"/> (403) for a name that is not ours.</summary>
    public void Check(HttpRequest request)
    {
        var name = request.Host.Host;
        if (!_names.Contains(name) && !(_isReachable && IPAddress.TryParse(name, out _)))
            throw ApiException.ForeignHost();
    }
}
