using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary><c>/api/usage</c> and <c>/api/meters</c>: what was used elsewhere, and who may tell.</summary>
internal static class UsageEndpoints
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8 };

    public static void Map(OperationCatalog api)
    {
        api.Post(
            "recordUsage", "/api/usage",
            "Record requests that another engine served, in their order, each by itself. Told again, an event gives its first receipt; one "
            + "that is refused says why and the others are recorded. It may take a customer past its limits, which then refuse its next request.",
            KeyRole.Meter)
            .Takes(Schema())
            .Answers(ApiJson.Default.RecordedUsages, RecordAsync);
        api.Get("listMeters", "/api/meters", "The customers' keys that meters may report for.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.MeteredKey, call => call.Read(call.Books.ListMeteredKeys, key => $"{key.MeterId}/{key.KeyId}"));
        api.Post("allowMeter", "/api/meters/{meter}/keys/{key}/allow", "Let a meter report for a customer's key.", KeyRole.Operator)
            .Answers(LedgerJson.Default.MeteredKey, call => call.Books.AllowMeterAsync(call.Path("meter"), call.Path("key"), call.Ended));
        api.Post("disallowMeter", "/api/meters/{meter}/keys/{key}/disallow", "Let a meter report for a customer's key no more.", KeyRole.Operator)
            .Answers(LedgerJson.Default.MeteredKey, call => call.Books.DisallowMeterAsync(call.Path("meter"), call.Path("key"), call.Ended));
    }

    private static async Task<RecordedUsages> RecordAsync(ApiCall call)
    {
        var events = Read(await call.ReadBytesAsync().ConfigureAwait(false));
        var recorded = await call.Books.RecordAsync(call.Key.Id, events, call.Ended).ConfigureAwait(false);
        return new([.. recorded.Select(ResultOf)]);
    }

    private static RecordedUsageResult ResultOf(RecordedUsage used) => used.Receipt is { } receipt
        ? new(used.Event.Id, used.IsNew, ReceiptSummary.Of(receipt), null)
        : new(used.Event.Id, false, null, ApiException.LedgerRefused(used.Refused!).Error);

    private static List<UsageEvent> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
            throw ApiException.BadField(null, "The body is not valid UTF-8.", "invalid_json");
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("events", out var array)
                || array.ValueKind != JsonValueKind.Array || root.EnumerateObject().Count() != 1)
                throw ApiException.BadField(null, "The body must be {\"events\": […]}.");
            if (array.GetArrayLength() > UsageEvent.LargestBatch)
                throw ApiException.BadField("events", $"has more than {UsageEvent.LargestBatch} events; send them in parts.");
            return [.. array.EnumerateArray().Select(ReadOne)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw ApiException.BadField(null, "The body is not valid JSON.", "invalid_json");
        }
    }

    private static UsageEvent ReadOne(JsonElement element, int index)
    {
        try
        {
            return UsageEventReader.Read(element);
        }
        catch (UsageEventException error)
        {
            var path = FormattableString.Invariant($"events[{index}]");
            throw ApiException.BadField(error.Field.Length == 0 ? path : $"{path}.{error.Field}", error.Problem + ".");
        }
    }

    private static JsonNode Schema() => JsonNode.Parse(
        """
        {"type":"object","required":["events"],"additionalProperties":false,"properties":{"events":{"type":"array","maxItems":1000,
          "items":{"type":"object","required":["id","key","model","at"],"additionalProperties":false,"properties":{
            "id":{"type":"string","maxLength":128,"description":"The event's own id with the meter."},
            "key":{"type":"string","description":"The customer's key under which it was used."},
            "model":{"type":"string"},
            "at":{"type":"string","format":"date-time","description":"When the request began: at most 35 days ago and 5 minutes ahead."},
            "prompt":COUNT,"cached":COUNT,"generated":COUNT,"rejected":COUNT,
            "outcome":{"enum":["completed","cancelled"]},
            "model_digest":{"type":"string","description":"The SHA-256 of the model's file."},
            "adapter":{"type":"object","required":["name","digest"],"properties":{"name":{"type":"string"},"digest":{"type":"string"}}}}}}}}
        """.Replace("COUNT", """{"type":"integer","minimum":0,"maximum":1000000000}""", StringComparison.Ordinal))!;
}
