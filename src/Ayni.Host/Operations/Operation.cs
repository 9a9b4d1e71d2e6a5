using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>A parameter of an operation, in its path or its query.</summary>
internal sealed record OperationParameter(string Name, string Description, bool IsInPath);

/// <summary>One form of an operation's answer.</summary>
/// <param name="MediaType">Its type.</param>
/// <param name="Schema">The JSON type it is written from; null for what is no JSON, and for proofs (docs/proof.md).</param>
/// <param name="IsPage">Whether it is a page of such values.</param>
internal sealed record OperationAnswer(string MediaType, JsonTypeInfo? Schema, bool IsPage = false);

/// <summary>
/// One operation of the HTTP API, stated once: its route, the roles of the keys that open it, what it takes and what it answers. It is
/// mapped, authorized and described (<see cref="OpenApiDocument"/>) from these words alone.
/// </summary>
internal sealed class Operation(string id, string method, string pattern, string summary, ImmutableArray<KeyRole> roles)
{
    private readonly List<OperationParameter> _parameters = [.. PathParameters.In(pattern)];
    private readonly List<OperationAnswer> _answers = [];

    /// <summary>Its name for programs, unique.</summary>
    public string Id { get; } = id;

    /// <summary>GET or POST.</summary>
    public string Method { get; } = method;

    /// <summary>Its route, as ASP.NET Core writes routes.</summary>
    public string Pattern { get; } = pattern;

    /// <summary>What it does, in a sentence or two.</summary>
    public string Summary { get; } = summary;

    /// <summary>The roles of the keys that open it; none if it needs no key.</summary>
    public ImmutableArray<KeyRole> Roles { get; } = roles;

    /// <summary>Its parameters; a query parameter that is not among them is refused.</summary>
    public IReadOnlyList<OperationParameter> Parameters => _parameters;

    /// <summary>The forms of its answer.</summary>
    public IReadOnlyList<OperationAnswer> Forms => _answers;

    /// <summary>The JSON type of its body, if it takes one of our own shapes.</summary>
    public JsonTypeInfo? Body { get; private set; }

    /// <summary>The schema of its body, if it takes one of a shape that is read by hand.</summary>
    public JsonNode? BodySchema { get; private set; }

    /// <summary>The media type of its body.</summary>
    public string BodyType { get; private set; } = RequestBody.Json;

    /// <summary>Does it for a key of the right role; null where <see cref="RawHandler"/> does all.</summary>
    public Func<ApiCall, Task>? Handler { get; private set; }

    /// <summary>Does it from the request on, its authentication included.</summary>
    public RequestDelegate? RawHandler { get; private set; }

    /// <summary>Takes a query parameter.</summary>
    public Operation Query(string name, string description)
    {
        _parameters.Add(new(name, description, IsInPath: false));
        return this;
    }

    /// <summary>Takes a page's place and length (<see cref="ApiCall.Limit"/>).</summary>
    public Operation Paged() => Query("after", "Continue after a page: its \"next\".")
        .Query("limit", $"At most so many, 1 to {ApiCall.LongestPage}; {ApiCall.StandardPage} if not given.");

    /// <summary>Takes a body that its handler reads by hand.</summary>
    public Operation Takes(JsonNode schema)
    {
        BodySchema = schema;
        return this;
    }

    /// <summary>Takes a body that is not JSON.</summary>
    public Operation TakesText(string mediaType, string description)
    {
        BodyType = mediaType;
        return Takes(new JsonObject { ["type"] = "string", ["description"] = description });
    }

    /// <summary>May also answer in a form that is not JSON.</summary>
    public Operation Or(string mediaType)
    {
        _answers.Add(new(mediaType, null));
        return this;
    }

    /// <summary>Answers with a value.</summary>
    public Operation Answers<T>(JsonTypeInfo<T> type, Func<ApiCall, T> find) => Answers(type, call => Task.FromResult(find(call)));

    /// <summary>Answers with a value.</summary>
    public Operation Answers<T>(JsonTypeInfo<T> type, Func<ApiCall, Task<T>> find) =>
        Handles(
            new("application/json", type),
            async call => await call.WriteAsync(await find(call).ConfigureAwait(false), type).ConfigureAwait(false));

    /// <summary>Takes a body and answers with a value.</summary>
    public Operation Answers<TBody, T>(JsonTypeInfo<TBody> body, JsonTypeInfo<T> type, Func<ApiCall, TBody, Task<T>> act)
        where TBody : class
    {
        Body = body;
        return Handles(new("application/json", type), async call =>
        {
            var read = await call.ReadBodyAsync(body).ConfigureAwait(false);
            await call.WriteAsync(await act(call, read).ConfigureAwait(false), type).ConfigureAwait(false);
        });
    }

    /// <summary>Answers with a page of values.</summary>
    public Operation AnswersPage<T>(JsonTypeInfo<T> item, Func<ApiCall, Page<T>> find) =>
        Paged().Handles(new("application/json", item, IsPage: true), call => call.WriteAsync(find(call), item));

    /// <summary>Answers by itself, in a form said here.</summary>
    public Operation Handles(OperationAnswer form, Func<ApiCall, Task> handler)
    {
        _answers.Insert(0, form);
        Handler = handler;
        return this;
    }

    /// <summary>Answers by itself from the request on.</summary>
    public Operation HandlesRaw(OperationAnswer form, RequestDelegate handler)
    {
        _answers.Insert(0, form);
        RawHandler = handler;
        return this;
    }

    private static class PathParameters
    {
        public static IEnumerable<OperationParameter> In(string pattern) =>
            from part in pattern.Split('/')
            where part.StartsWith('{')
            select new OperationParameter(part.Trim('{', '}', '*'), "", IsInPath: true);
    }
}

/// <summary>Some values of a list, and where the next page begins; null at the end.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Data, string? Next);
