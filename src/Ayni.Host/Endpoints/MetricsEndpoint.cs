using System.Text;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// <c>GET /metrics</c>: what the host measures, in Prometheus's text format. Collectors have no key, so it needs none; it names no customer
/// and no sum of money.
/// </summary>
internal sealed class MetricsEndpoint(PrometheusListener listener)
{
    public async Task GetAsync(HttpContext context)
    {
        context.Response.ContentType = ExpositionWriter.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        var text = Encoding.UTF8.GetBytes(listener.Write());
        await context.Response.BodyWriter.WriteAsync(text, CancellationToken.None).ConfigureAwait(false);
    }
}
