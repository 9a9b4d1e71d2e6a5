using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>A receipt and what proves it. Its JSON is the receipt's with a field <c>proof</c>.</summary>
[JsonConverter(typeof(SignedReceiptJsonConverter))]
public sealed class SignedReceipt
{
    internal SignedReceipt(Receipt receipt, ReceiptProof? proof)
    {
        Receipt = receipt;
        Proof = proof;
    }

    /// <summary>The receipt.</summary>
    public Receipt Receipt { get; }

    /// <summary>Whether it has a signature.</summary>
    public bool IsSigned => Proof is not null;

    internal ReceiptProof? Proof { get; }
}

/// <summary>Writes a receipt and its proof as one object.</summary>
internal sealed class SignedReceiptJsonConverter : JsonConverter<SignedReceipt>
{
    public override SignedReceipt Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, SignedReceipt value, JsonSerializerOptions options)
    {
        if (value.Proof is { } proof)
            proof.WriteTo(writer);
        else
            JsonSerializer.Serialize(writer, value.Receipt, LedgerJson.Default.Receipt);
    }
}
