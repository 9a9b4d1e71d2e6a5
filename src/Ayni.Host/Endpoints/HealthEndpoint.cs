using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary><c>GET /healthz</c>: 200 while requests are served, 503 before and after; for load balancers, so it needs no key.</summary>
internal sealed class HealthEndpoint(ServingState state)
{
    public Task GetAsync(HttpContext context)
    {
        var phase = state.Phase;
        context.Response.StatusCode = phase == ServingPhase.Serving ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        var status = phase switch
        {
            ServingPhase.Serving => "ok",
            ServingPhase.Loading => "loading",
            ServingPhase.Failed => "failed",
            _ => "stopping",
        };
        return ApiWriter.WriteAsync(context.Response, new(status), ApiJson.Default.HealthResponse);
    }
}
