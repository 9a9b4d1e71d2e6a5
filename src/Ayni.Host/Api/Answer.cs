using Ayni.Llama;

namespace Ayni.Host;

/// <summary>The answer to one request, whole or chunk by chunk, in OpenAI's shape.</summary>
internal sealed class Answer(CompletionShape shape, string requestId, long created, ServedModel model)
{
    private readonly string _id = RequestId.ToAnswerId(requestId, shape.IdPrefix);

    /// <summary>The whole answer.</summary>
    public CompletionResponse Whole(string text, MeteredResult metered) =>
        Respond(shape.Object, shape.Whole(text, ReasonOf(metered))) with { Usage = UsageOf(metered), Ayni = ExtensionOf(metered) };

    /// <summary>A stream's first chunk; null where it starts with text.</summary>
    public CompletionResponse? Opening() => shape.Opening is { } opening ? Respond(shape.ChunkObject, opening) : null;

    /// <summary>A chunk of text.</summary>
    public CompletionResponse Part(string text) => Respond(shape.ChunkObject, shape.Part(text));

    /// <summary>The chunk that says why the answer ended; it carries the receipt where it is the last.</summary>
    public CompletionResponse End(MeteredResult metered, bool withReceipt) =>
        Respond(shape.ChunkObject, shape.End(ReasonOf(metered))) with { Ayni = withReceipt ? ExtensionOf(metered) : null };

    /// <summary>The chunk after the end that says the usage, with the receipt.</summary>
    public CompletionResponse UsageOnly(MeteredResult metered) =>
        Respond(shape.ChunkObject) with { Usage = UsageOf(metered), Ayni = ExtensionOf(metered) };

    private CompletionResponse Respond(string kind, params CompletionChoice[] choices) => new()
    {
        Id = _id,
        Object = kind,
        Created = created,
        Model = model.Name,
        SystemFingerprint = model.Fingerprint,
        Choices = choices,
    };

    /// <summary>
    /// An answer that the stopping server cut short is one that met a limit; <see cref="AyniExtension.CutShort"/> says which.
    /// </summary>
    private static string ReasonOf(MeteredResult metered) => metered.Result.Reason == FinishReason.Stop ? "stop" : "length";

    private static CompletionUsage UsageOf(MeteredResult metered)
    {
        var (computed, cached, generated) = metered.Result.Usage;
        var prompt = computed + cached;
        return new(prompt, generated, prompt + generated, new(cached));
    }

    private static AyniExtension ExtensionOf(MeteredResult metered) =>
        new(ReceiptSummary.Of(metered.Receipt!), metered.Result.Reason == FinishReason.Cancelled ? "server_stopping" : null);
}
