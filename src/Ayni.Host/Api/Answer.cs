using Ayni.Llama;

namespace Ayni.Host;

/// <summary>The answer to one request, whole or chunk by chunk, in OpenAI's shape.</summary>
internal sealed class Answer(CompletionShape shape, string requestId, long created, string modelName, string fingerprint)
{
    private readonly string _id = RequestId.ToAnswerId(requestId, shape.IdPrefix);

    /// <summary>The whole answer: a choice for each text.</summary>
    public CompletionResponse Whole(IReadOnlyList<string> texts, MeteredResult metered) =>
        Respond(shape.Object, [.. texts.Select((text, index) => shape.Whole(text, ReasonOf(metered, index)) with { Index = index })])
            with
        { Usage = UsageOf(metered), Ayni = ExtensionOf(metered) };

    /// <summary>The first chunk of a choice; null where it starts with text.</summary>
    public CompletionResponse? Opening(int index) =>
        shape.Opening is { } opening ? Respond(shape.ChunkObject, opening with { Index = index }) : null;

    /// <summary>A chunk of a choice's text.</summary>
    public CompletionResponse Part(int index, string text) => Respond(shape.ChunkObject, shape.Part(text) with { Index = index });

    /// <summary>The chunk that says why a choice ended; it carries the receipt where it is the last.</summary>
    public CompletionResponse End(int index, MeteredResult metered, bool withReceipt)
    {
        var chunk = Respond(shape.ChunkObject, shape.End(ReasonOf(metered, index)) with { Index = index });
        return withReceipt ? chunk with { Ayni = ExtensionOf(metered) } : chunk;
    }

    /// <summary>The chunk after the end that says the usage, with the receipt.</summary>
    public CompletionResponse UsageOnly(MeteredResult metered) =>
        Respond(shape.ChunkObject) with { Usage = UsageOf(metered), Ayni = ExtensionOf(metered) };

    private CompletionResponse Respond(string kind, params CompletionChoice[] choices) => new()
    {
        Id = _id,
        Object = kind,
        Created = created,
        Model = modelName,
        SystemFingerprint = fingerprint,
        Choices = choices,
    };

    /// <summary>
    /// An answer that its deadline or the stopping server cut short is one that met a limit (clients know no other word, and some refuse
    /// one);
    /// <see cref="AyniExtension.CutShort"/> says which.
    /// </summary>
    private static string ReasonOf(MeteredResult metered, int index) =>
        metered.Results[index].Reason == FinishReason.Stop ? "stop" : "length";

    private static CompletionUsage UsageOf(MeteredResult metered)
    {
        var usage = metered.Usage;
        var prompt = usage.Prompt + usage.Cached;
        return new(prompt, usage.Generated, prompt + usage.Generated, new(usage.Cached));
    }

    private static AyniExtension ExtensionOf(MeteredResult metered) =>
        new(
            ReceiptSummary.Of(metered.Receipt!),
            !metered.IsCancelled ? null : metered.TimedOut ? "timeout" : metered.ClientLeft ? "client_left" : "server_stopping");
}
