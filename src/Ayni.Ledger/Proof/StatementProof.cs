using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// A party's final statement with what proves it, as <c>ayni prove statement</c> hands it out: the statement's JSON view with a field
/// <c>proof</c>. Immutable.
/// <code>
/// proof: {
///   version                     1
///   record, signature, certificate, entry?, tlog_proof?
///                               what the period commits to, as with a receipt
///   statement                   { item, salt, index, path }: the statement's place in the period's list; its item is the canonical JSON
///   agreements                  [{ item, salt, index, path }]: the agreements that its lines name
/// }
/// </code>
/// </summary>
internal sealed record StatementProof(
    byte[] Record, byte[] Signature, byte[] Certificate, LoggedEntry? Log, ListProof Statement, IReadOnlyList<ListProof> Agreements)
{
    private const int Version = 1, MostAgreements = 1000;

    public static StatementProof Parse(JsonElement view)
    {
        var proof = view.Field("proof", JsonValueKind.Object);
        if (proof.NumberField("version") != Version)
            throw new ProofException(ProofCheck.Format, $"The proof's version is not {Version}; use the newer program.");
        var agreements = proof.Field("agreements", JsonValueKind.Array);
        if (agreements.GetArrayLength() > MostAgreements)
            throw new ProofException(ProofCheck.Format, $"The proof names more than {MostAgreements} agreements.");
        return new(
            proof.BytesField("record"), proof.BytesField("signature"), proof.BytesField("certificate"),
            proof.OptionalField("tlog_proof") is null ? null : LoggedEntry.Parse(proof),
            ListProof.Parse(proof.Field("statement", JsonValueKind.Object)), [.. agreements.EnumerateArray().Select(ListProof.Parse)]);
    }

    /// <summary>The statement's own JSON and the proof as one object.</summary>
    public byte[] Encode()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var field in ProofFormat.ParseObject(Statement.Item, "statement").EnumerateObject())
                field.WriteTo(writer);
            writer.WriteStartObject("proof");
            writer.WriteNumber("version", Version);
            writer.WriteBase64String("record", Record);
            writer.WriteBase64String("signature", Signature);
            writer.WriteBase64String("certificate", Certificate);
            Log?.WriteFields(writer);
            writer.WritePropertyName("statement");
            Statement.WriteTo(writer);
            writer.WriteStartArray("agreements");
            foreach (var agreement in Agreements)
                agreement.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return bytes.ToArray();
    }
}
