using System.Text.Json;
using System.Text.Unicode;

namespace Ayni.Receipts;

/// <summary>What an answer says of itself and of its receipt. Parts that are missing are null, and not held against the receipt.</summary>
internal sealed record Announcement
{
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64 };

    /// <summary><c>chatcmpl-…</c></summary>
    public string? AnswerId { get; init; }

    public string? Model { get; init; }

    public long? PromptTokens { get; init; }

    public long? GeneratedTokens { get; init; }

    public string? ReceiptId { get; init; }

    public long? Number { get; init; }

    public string? Charge { get; init; }

    public string? Currency { get; init; }

    public string? Hash { get; init; }

    /// <summary>Reads a whole answer, or an event's data; null if it is no object in JSON.</summary>
    public static Announcement? Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json, Reading);
            var answer = document.RootElement;
            if (answer.ValueKind != JsonValueKind.Object)
                return null;
            var (usage, receipt) = (Object(answer, "usage"), Object(Object(answer, "ayni"), "receipt"));
            return new()
            {
                AnswerId = Text(answer, "id"),
                Model = Text(answer, "model"),
                PromptTokens = Number(usage, "prompt_tokens"),
                GeneratedTokens = Number(usage, "completion_tokens"),
                ReceiptId = Text(receipt, "id"),
                Number = Number(receipt, "number"),
                Charge = Text(receipt, "charge"),
                Currency = Text(receipt, "currency"),
                Hash = Text(receipt, "hash"),
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair in a text is an InvalidOperationException.
            return null;
        }

        static JsonElement? Object(JsonElement? value, string name) =>
            value is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Object
                ? field
                : null;

        static string? Text(JsonElement? value, string name) =>
            value is { } parent && parent.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() : null;

        static long? Number(JsonElement? value, string name) =>
            value is { } parent && parent.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Number
            && field.TryGetInt64(out var number)
                ? number
                : null;
    }

    /// <summary>
    /// Demands that a receipt is the one announced and of the answer that announced it. Throws <see cref="ProofException"/>.
    /// </summary>
    public void Demand(Receipt receipt)
    {
        // An answer's id is its request's with another beginning.
        Same("request", After(AnswerId, '-'), After(receipt.RequestId, '_'));
        Same("id", ReceiptId, receipt.Id);
        Same("model", Model, receipt.Model);
        Same("prompt's tokens", PromptTokens, receipt.Counts.Prompt + receipt.Counts.Cached);
        Same("answer's tokens", GeneratedTokens, receipt.Counts.Generated);
        Same("number", Number, receipt.KeyNumber);
        Same("charge", Charge, receipt.Charge.Format());
        Same("currency", Currency, receipt.Currency.Code);
        Same("hash", Hash, receipt.Hash.ToString());

        static string? After(string? id, char separator) => id?[(id.IndexOf(separator, StringComparison.Ordinal) + 1)..];

        void Same<T>(string what, T? said, T found) => ProofChecks.All.Demand(
            ProofCheck.View, said is null || Equals(said, found), $"The answer says that its {what} is {said}, and its receipt {found}.");
    }
}
