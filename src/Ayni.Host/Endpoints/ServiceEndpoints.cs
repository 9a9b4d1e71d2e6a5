using System.Text.Json.Nodes;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/v1</c>, which is OpenAI's API, and what describes and watches the host.</summary>
internal static class ServiceEndpoints
{
    public static void Map(
        OperationCatalog api, CompletionEndpoints completions, ModelEndpoints models, HealthEndpoint health, MetricsEndpoint metrics, LogEndpoint log)
    {
        api.Post("createChatCompletion", "/v1/chat/completions", "Answer a conversation (OpenAI's API).", KeyRole.Customer)
            .Takes(Completion("messages", new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["required"] = new JsonArray("role", "content"),
                    ["properties"] = new JsonObject
                    {
                        ["role"] = new JsonObject { ["enum"] = new JsonArray("system", "developer", "user", "assistant") },
                        ["content"] = new JsonObject { ["type"] = new JsonArray("string", "array") },
                    },
                },
            }))
            .Or("text/event-stream").HandlesRaw(new("application/json", ApiJson.Default.CompletionResponse), completions.ChatAsync);
        api.Post("createCompletion", "/v1/completions", "Continue a text or token ids (OpenAI's API).", KeyRole.Customer)
            .Takes(Completion("prompt", new JsonObject
            {
                ["type"] = new JsonArray("string", "array"),
                ["items"] = new JsonObject { ["type"] = new JsonArray("integer", "string") },
            }))
            .Or("text/event-stream").HandlesRaw(new("application/json", ApiJson.Default.CompletionResponse), completions.TextAsync);
        api.Get("listModels", "/v1/models", "The models served (OpenAI's API).", OperationCatalog.Everyone)
            .HandlesRaw(new("application/json", ApiJson.Default.ModelList), models.ListAsync);
        api.Get("getModel", "/v1/models/{**id}", "A model served (OpenAI's API).", OperationCatalog.Everyone)
            .HandlesRaw(new("application/json", ApiJson.Default.ModelDescription), models.FindAsync);

        api.Get("getHealth", "/healthz", "Whether requests are served: 200 if so, 503 before and after.")
            .HandlesRaw(new("application/json", ApiJson.Default.HealthResponse), health.GetAsync);
        api.Get("getMetrics", "/metrics", "What the host measures, in Prometheus's text format.")
            .HandlesRaw(new("text/plain", null), metrics.GetAsync);
        api.Get("getLogFile", "/log/{**path}", "A file of the transparency log, as C2SP's tlog-tiles names it: checkpoint, cosigned, tile/….")
            .HandlesRaw(new("application/octet-stream", null), log.GetAsync);
        var description = new Lazy<string>(() => OpenApiDocument.Of(api.All).ToJsonString());
        api.Get("getDescription", "/openapi.json", "This document.")
            .Handles(new("application/json", null), call => call.WriteTextAsync(description.Value, "application/json"));
    }

    private static JsonObject Completion(string input, JsonObject inputSchema) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("model", input),
        ["properties"] = new JsonObject
        {
            ["model"] = new JsonObject { ["type"] = "string" },
            [input] = inputSchema,
            ["max_tokens"] = Number("integer", 1, int.MaxValue),
            ["n"] = Number("integer", 1, CompletionRequestParser.MaxAnswers),
            ["temperature"] = Number("number", 0, 2),
            ["top_p"] = Number("number", 0, 1),
            ["seed"] = new JsonObject { ["type"] = "integer" },
            ["stop"] = new JsonObject { ["type"] = new JsonArray("string", "array") },
            ["stream"] = new JsonObject { ["type"] = "boolean" },
            ["stream_options"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["include_usage"] = new JsonObject { ["type"] = "boolean" } },
            },
            ["timeout"] = Number("number", 0, CompletionRequestParser.MaxTimeout),
            ["user"] = new JsonObject { ["type"] = "string" },
        },
    };

    private static JsonObject Number(string type, int least, int most) =>
        new() { ["type"] = type, ["minimum"] = least, ["maximum"] = most };
}
