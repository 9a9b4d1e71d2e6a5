using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>
/// A receipt with what proves it, as <c>/api/receipts/ID</c> hands it out and <c>ayni verify</c> reads it: the receipt's JSON view with a
/// field <c>proof</c>. Bytes are in base64; paths are hashes one after the other, from the leaf upwards. Everything but the canonical bytes
/// follows from them, so the view is checked against them. Immutable.
/// <code>
/// proof: {
///   version        1
///   canonical      the receipt's canonical bytes
///   batch, index, path, signature, certificate
///                  the group commit that holds the receipt, and the signing key's signature over it
///   log?           { entry, tlog_proof, index, path }: the log's entry that holds the batch, once it is published
///   period?        { record, signature, certificate, sum, tail, entry?, tlog_proof? }: the receipt's place in the tree of its closed
///                  period, where its key's receipts ended then, and the log's entry that holds the period's record
/// }
/// </code>
/// </summary>
internal sealed record ReceiptProof
{
    public const int Version = 1;

    public required byte[] Canonical { get; init; }

    public required byte[] Batch { get; init; }

    public required long Index { get; init; }

    public required Digest[] Path { get; init; }

    public required byte[] Signature { get; init; }

    public required byte[] Certificate { get; init; }

    public LoggedBatch? Log { get; init; }

    public PeriodProof? Period { get; init; }

    /// <summary>Reads a receipt's JSON. Throws <see cref="ProofException"/> if it is no receipt with a proof.</summary>
    public static ReceiptProof Parse(JsonElement view)
    {
        var proof = view.Field("proof", JsonValueKind.Object);
        if (proof.NumberField("version") != Version)
            throw new ProofException(ProofCheck.Format, $"The proof's version is not {Version}; use the newer program.");
        return new()
        {
            Canonical = proof.BytesField("canonical"),
            Batch = proof.BytesField("batch"),
            Index = proof.NumberField("index"),
            Path = proof.HashesField("path"),
            Signature = proof.BytesField("signature"),
            Certificate = proof.BytesField("certificate"),
            Log = proof.OptionalField("log") is { } log ? LoggedBatch.Parse(log) : null,
            Period = proof.OptionalField("period") is { } period ? PeriodProof.Parse(period) : null,
        };
    }

    /// <summary>Writes the receipt's view and the proof as one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach (var field in View().EnumerateObject())
            field.WriteTo(writer);
        writer.WriteStartObject("proof");
        writer.WriteNumber("version", Version);
        writer.WriteBase64String("canonical", Canonical);
        writer.WriteBase64String("batch", Batch);
        writer.WriteNumber("index", Index);
        writer.WriteBase64String("path", ProofFormat.Bytes(Path));
        writer.WriteBase64String("signature", Signature);
        writer.WriteBase64String("certificate", Certificate);
        Log?.WriteTo(writer);
        Period?.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Whether a view says what the canonical bytes say, field by field, the proof left out.</summary>
    public bool IsShownBy(JsonElement view) => ProofView.Equal(View(), view);

    private JsonElement View() =>
        JsonSerializer.SerializeToElement(ProofFormat.ReadReceipt(Canonical), ReceiptJson.Default.Receipt);
}

/// <summary>Compares what people read with what is proven.</summary>
internal static class ProofView
{
    /// <summary>Whether two objects have the same fields with the same values, a field <c>proof</c> of the second left out.</summary>
    public static bool Equal(JsonElement proven, JsonElement shown)
    {
        var fields = shown.EnumerateObject().Where(field => field.Name != "proof").ToArray();
        return fields.Length == proven.EnumerateObject().Count()
            && fields.All(field => proven.TryGetProperty(field.Name, out var value) && JsonElement.DeepEquals(value, field.Value));
    }
}
