using System.Security.Cryptography;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>A model at work: what answers name it by, and the engine that runs it.</summary>
internal sealed class ServedModel(LlamaModel model, LlamaModel? draft, LlamaEngine engine, ModelLicence licence, string owner, DateTimeOffset created)
    : IAsyncDisposable
{
    public LlamaModel Model { get; } = model;

    public LlamaEngine Engine { get; } = engine;

    public string Name => Model.Name;

    /// <summary>The licence it is under.</summary>
    public ModelLicence Licence { get; } = licence;

    /// <summary>How conversations are said: a base model, which was taught no format, gets a plain transcript to continue.</summary>
    public ChatFormat ChatFormat { get; } = model.ChatFormat ?? new PlainChatFormat(model.Tokenizer);

    public Digest Digest { get; } = Digest.FromBytes(model.Digest.Span);

    /// <summary>Which weights answer, short: the same text means that the same seed gives the same answer.</summary>
    public string Fingerprint { get; } = "fp_" + Convert.ToHexStringLower(
        (model.Adapter is { } used ? SHA256.HashData([.. model.Digest.Span, .. used.Digest.Span]) : model.Digest.Span)[..5]);

    /// <summary>The adapter as receipts name it; null for none.</summary>
    public AdapterReference? Adapter { get; } =
        model.Adapter is { } adapter ? new(adapter.Name, Digest.FromBytes(adapter.Digest.Span)) : null;

    public ModelDescription Description { get; } = new(model.Name, "model", created.ToUnixTimeSeconds(), owner);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync().ConfigureAwait(false);
        Model.Dispose();
        draft?.Dispose();
    }
}
