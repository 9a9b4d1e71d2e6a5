using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Receipts;

/// <summary>
/// What makes a host's signing key one of the log's: the log's own signature over it. Its bytes:
/// <code>
/// 16  "ayni/key/v1" and zeros
///  *  origin                    text: the log's name
/// 32  public key                Ed25519
///  8  certified at              microseconds since 1970
/// 64  signature                 of the log's key over all bytes before
/// </code>
/// </summary>
/// <param name="Origin">The log's name.</param>
/// <param name="PublicKey">32 bytes.</param>
/// <param name="CertifiedAt">When.</param>
/// <param name="Signature">64 bytes.</param>
internal sealed record KeyCertificate(string Origin, byte[] PublicKey, DateTimeOffset CertifiedAt, byte[] Signature)
{
    private static ReadOnlySpan<byte> Tag => "ayni/key/v1\0\0\0\0\0"u8;

    /// <summary>The signing key's id: <c>sig_</c> and the first eight bytes of the public key's SHA-256.</summary>
    public string KeyId => IdOf(PublicKey);

    public static string IdOf(ReadOnlySpan<byte> publicKey) => "sig_" + Digest.Of(publicKey).ToString()[..16];

    /// <summary>Certifies a key.</summary>
    public static KeyCertificate Create(string origin, Sign sign, ReadOnlySpan<byte> publicKey, DateTimeOffset now)
    {
        var certificate = new KeyCertificate(origin, publicKey.ToArray(), now, []);
        return certificate with { Signature = sign(certificate.Message()) };
    }

    public byte[] Encode() => [.. Message(), .. Signature];

    public static KeyCertificate Decode(ReadOnlySpan<byte> bytes) => ProofFormat.Read(bytes, "key's certificate", (ref reader) =>
    {
        reader.Expect(Tag, "tag");
        return new KeyCertificate(
            reader.ReadText("origin"), reader.ReadBytes(Ed25519.PublicKeySize, "public key"), reader.ReadInstant("certified at"),
            reader.ReadBytes(Ed25519.SignatureSize, "signature"));
    });

    /// <summary>Demands that the log whose key is given has certified the signing key.</summary>
    public void Demand(PublicKey logKey, ProofChecks checks) => checks.Demand(
        ProofCheck.Certificate, Origin == logKey.Name && logKey.Verify(Message(), Signature),
        $"The signing key {KeyId} has no certificate of the log {logKey.Name}.");

    /// <summary>Demands that the certified key has signed some bytes.</summary>
    public void DemandSigned(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature, string what, ProofChecks checks) => checks.Demand(
        ProofCheck.Signature, new PublicKey(Origin, Receipts.PublicKey.NoteType, PublicKey).Verify(message, signature),
        $"The {what} is not signed by {KeyId}.");

    private byte[] Message()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        writer.WriteText(Origin);
        writer.WriteBytes(PublicKey);
        writer.WriteInt64(CertifiedAt.Microseconds());
        return writer.ToArray();
    }
}
