using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Ayni.Host.Tests;

/// <summary><c>/openapi.json</c> says what there is, all of it, in words that Microsoft's reader of OpenAPI takes.</summary>
public sealed class OpenApiTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private readonly TestHost _test = fixture.Test;

    [Fact]
    public async Task The_document_is_valid()
    {
        var (document, diagnostic) = OpenApiModelFactory.Parse(await ReadAsync(), "json");
        Assert.Empty(diagnostic!.Errors);
        Assert.Empty(diagnostic.Warnings);
        Assert.Empty(document!.Validate(ValidationRuleSet.GetDefaultRuleSet()));
    }

    [Fact]
    public async Task Every_route_is_described_with_its_responses()
    {
        var document = JsonNode.Parse(await ReadAsync())!;
        var routes = _test.Host.Routes.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().ToList();
        Assert.Equal(_test.Host.Operations.All.Count, routes.Count);
        foreach (var route in routes)
        {
            var path = route.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal);
            foreach (var method in route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD"))
            {
                var operation = document["paths"]?[path]?[method.ToLowerInvariant()];
                Assert.True(operation is not null, $"{method} {path} is not described.");
                Assert.NotEmpty(operation["summary"]!.GetValue<string>());
                Assert.NotEmpty(operation["responses"]!["200"]!["content"]!.AsObject());
                Assert.NotNull(operation["responses"]!["default"]);
                Assert.Equal(operation["x-roles"]!.AsArray().Count > 0, operation["responses"]!["401"] is not null);
            }
        }
        var ids = _test.Host.Operations.All.Select(operation => operation.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_schema_says_something()
    {
        var document = JsonNode.Parse(await ReadAsync())!;
        var schemas = document["components"]!["schemas"]!.AsObject();
        Walk(document);
        // A converter of our own that the document knows nothing of would be described as anything at all.
        foreach (var (name, schema) in schemas)
            Assert.False(HoldsAnything(schema!), $"{name} holds a field of which nothing is said.");

        void Walk(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject item:
                    if (item["$ref"]?.GetValue<string>() is { } reference)
                        Assert.Contains(reference["#/components/schemas/".Length..], (IDictionary<string, JsonNode?>)schemas);
                    foreach (var (_, value) in item)
                        Walk(value);
                    break;
                case JsonArray array:
                    foreach (var value in array)
                        Walk(value);
                    break;
            }
        }

        static bool HoldsAnything(JsonNode schema) => schema switch
        {
            JsonObject item => (item["properties"] as JsonObject)?.Any(property => HoldsAnything(property.Value!)) == true
                || (item["items"] is { } items && HoldsAnything(items)),
            _ => schema.GetValueKind() == JsonValueKind.True,
        };
    }

    [Fact]
    public async Task An_answer_has_the_fields_its_schema_names()
    {
        _test.UseKey((await _test.Books.IssueKeyAsync(Ledger.KeyRole.Auditor, "reader")).Text);
        var schemas = JsonNode.Parse(await ReadAsync())!["components"]!["schemas"]!;
        foreach (var (path, name) in ((string, string)[])[("/api/parties", "Party"), ("/api/customers", "Customer"), ("/api/prices", "Price"),
            ("/api/agreements", "Agreement"), ("/api/keys", "ApiKey")])
        {
            var answer = JsonNode.Parse(await _test.Http.GetStringAsync(path))!;
            var schema = schemas[name]!["properties"]!.AsObject();
            var value = answer["data"]![0]!.AsObject();
            Assert.Empty(value.Select(field => field.Key).Except(schema.Select(property => property.Key)));
            foreach (var required in schemas[name]!["required"]!.AsArray().Select(field => field!.GetValue<string>()))
                Assert.True(value.ContainsKey(required) || IsNullable(schema[required]!), $"{name}.{required}");
        }

        static bool IsNullable(JsonNode schema) => schema["type"] is JsonArray types && types.Any(type => type!.GetValue<string>() == "null");
    }

    private async Task<string> ReadAsync()
    {
        using var http = new HttpClient { BaseAddress = _test.Host.Address };
        return await http.GetStringAsync("/openapi.json");
    }
}
