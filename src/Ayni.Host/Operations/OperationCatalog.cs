using System.Collections.Immutable;
using Ayni.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Ayni.Host;

/// <summary>Every operation of the HTTP API. Each group of endpoints adds its own in a static <c>Map</c>.</summary>
internal sealed class OperationCatalog
{
    /// <summary>The roles that read everything.</summary>
    public static ImmutableArray<KeyRole> Readers { get; } = [KeyRole.Operator, KeyRole.Finance, KeyRole.Auditor];

    /// <summary>The roles that approve, and act for the house.</summary>
    public static ImmutableArray<KeyRole> Deciders { get; } = [KeyRole.Operator, KeyRole.Finance];

    /// <summary>Every role.</summary>
    public static ImmutableArray<KeyRole> Everyone { get; } = [.. Enum.GetValues<KeyRole>()];

    private readonly List<Operation> _operations = [];

    /// <summary>The operations, in the order in which they were added.</summary>
    public IReadOnlyList<Operation> All => _operations;

    /// <summary>Adds an operation that reads.</summary>
    public Operation Get(string id, string pattern, string summary, params ImmutableArray<KeyRole> roles) =>
        Add(id, HttpMethods.Get, pattern, summary, roles);

    /// <summary>Adds an operation that acts.</summary>
    public Operation Post(string id, string pattern, string summary, params ImmutableArray<KeyRole> roles) =>
        Add(id, HttpMethods.Post, pattern, summary, roles);

    /// <summary>Opens a route for each operation.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var options = services.GetRequiredService<HostOptions>();
        var books = services.GetRequiredService<Books>();
        var clock = services.GetRequiredService<TimeProvider>();
        foreach (var operation in _operations)
        {
            // Whatever can be asked for can be asked about (RFC 9110, 9.1); the server below leaves out the body.
            string[] methods = operation.Method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [operation.Method];
            routes.MapMethods(operation.Pattern, methods, operation.RawHandler ?? (async context =>
            {
                var key = operation.Roles.IsEmpty ? null : books.Authenticate(context.Request, operation.Roles.AsSpan());
                using var call = new ApiCall(context, operation, key, key is null ? books : books.As(key.Id), options, clock);
                context.Response.Headers.CacheControl = "no-store";
                await operation.Handler!(call).ConfigureAwait(false);
            }));
        }
    }

    private Operation Add(string id, string method, string pattern, string summary, ImmutableArray<KeyRole> roles)
    {
        var operation = new Operation(id, method, pattern, summary, roles);
        _operations.Add(operation);
        return operation;
    }
}
