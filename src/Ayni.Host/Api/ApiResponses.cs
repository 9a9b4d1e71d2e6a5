using System.Text.Json.Serialization;

namespace Ayni.Host;

// What the server says, in the shapes of OpenAI's API reference. A null is left out unless the property says otherwise.

/// <summary>An error's envelope.</summary>
internal sealed record ErrorResponse(ErrorDetail Error);

/// <summary>An error: what is wrong, of which kind, in which field.</summary>
internal sealed record ErrorDetail(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);

/// <summary>The models served.</summary>
internal sealed record ModelList(string Object, ModelDescription[] Data);

/// <summary>One model served.</summary>
internal sealed record ModelDescription(string Id, string Object, long Created, string OwnedBy);

/// <summary>A completion, or one chunk of a streamed one, of a conversation or of a text.</summary>
internal sealed record CompletionResponse
{
    public required string Id { get; init; }

    public required string Object { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    public required string Model { get; init; }

    /// <summary>Which weights answered.</summary>
    public required string SystemFingerprint { get; init; }

    public required CompletionChoice[] Choices { get; init; }

    /// <summary>
    /// Null in the chunks before the last; whether that null is written is up to the context (<see cref="ApiJson.WithNullUsage"/>).
    /// </summary>
    public CompletionUsage? Usage { get; init; }

    /// <summary>What Ayni adds: the receipt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AyniExtension? Ayni { get; init; }
}

/// <summary>The one choice of a completion; of message, delta and text the endpoint's own is set.</summary>
internal sealed record CompletionChoice
{
    public int Index { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChoiceMessage? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChoiceMessage? Delta { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>Always null: log probabilities are not offered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Logprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }
}

/// <summary>A message of the assistant, or the part of one that a chunk carries.</summary>
internal sealed record ChoiceMessage(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content);

/// <summary>What a completion used, in tokens.</summary>
internal sealed record CompletionUsage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

/// <summary>How the prompt's tokens were had.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>Ayni's own field in an answer.</summary>
/// <param name="Receipt">The receipt, durable before this is sent.</param>
/// <param name="CutShort">Why the server ended the answer early; absent where it didn't.</param>
internal sealed record AyniExtension(
    ReceiptSummary Receipt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CutShort);

/// <summary>What an answer says of its receipt; all of it is at <c>/api/receipts/{id}</c>.</summary>
/// <param name="Id">The receipt's id.</param>
/// <param name="RequestId">The request it is for.</param>
/// <param name="Number">Its place among the key's receipts, from 1, without gaps.</param>
/// <param name="Charge">What the request costs, an exact decimal.</param>
/// <param name="Currency">What it costs that in.</param>
/// <param name="Hash">The SHA-256 of its canonical bytes, in hexadecimal.</param>
internal sealed record ReceiptSummary(string Id, string RequestId, long Number, string Charge, string Currency, string Hash)
{
    public static ReceiptSummary Of(Receipt receipt) => new(
        receipt.Id, receipt.RequestId, receipt.KeyNumber, receipt.Charge.Format(), receipt.Currency.Code, receipt.Hash.ToString());
}

/// <summary>What became of the events that a meter told, in their order.</summary>
internal sealed record RecordedUsages(RecordedUsageResult[] Results);

/// <summary>What became of one event: its receipt, or why it was refused.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="IsNew">Whether it was recorded now, and not when it was told before.</param>
/// <param name="Receipt">Its receipt.</param>
/// <param name="Error">Why it was refused.</param>
internal sealed record RecordedUsageResult(string Id, bool IsNew, ReceiptSummary? Receipt, ErrorDetail? Error);

/// <summary>A document as somebody is to sign it.</summary>
/// <param name="Text">Every byte of it, in UTF-8.</param>
internal sealed record DocumentToSign(string Text);

/// <summary>What the server's health is.</summary>
internal sealed record HealthResponse(string Status);
