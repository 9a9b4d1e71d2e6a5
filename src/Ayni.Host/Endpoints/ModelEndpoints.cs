using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary><c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>: what is served here.</summary>
internal sealed class ModelEndpoints(ServingState state, Books books)
{
    public Task ListAsync(HttpContext context)
    {
        var model = state.Require();
        books.Authenticate(context.Request);
        return ApiWriter.WriteAsync(context.Response, new("list", [model.Description]), ApiJson.Default.ModelList);
    }

    public Task FindAsync(HttpContext context)
    {
        var model = state.Require();
        books.Authenticate(context.Request);
        var id = context.Request.RouteValues["id"] as string ?? "";
        return id == model.Name
            ? ApiWriter.WriteAsync(context.Response, model.Description, ApiJson.Default.ModelDescription)
            : throw ApiException.UnknownModel(id, model.Name);
    }
}
