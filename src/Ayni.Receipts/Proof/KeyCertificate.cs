using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Receipts;

/// <summary>
/// What makes a host's signing key one of the log's: the log's own signature over it, over what the host is called and what it promises.
/// Its bytes:
/// <code>
/// 16  "ayni/key/v2" and zeros
///  *  origin                    text: the log's name
///  *  host                      text: what the host is called
/// 32  public key                Ed25519
///  8  certified at              microseconds since 1970
///  8  promise                   minutes until the log holds a receipt
/// 64  signature                 of the log's key over all bytes before
/// </code>
/// The first version, <c>ayni/key/v1</c>, named no host and no promise, which was an hour.
/// </summary>
/// <param name="Origin">The log's name.</param>
/// <param name="Host">What is certified of the host; null in the first version.</param>
/// <param name="PublicKey">32 bytes.</param>
/// <param name="CertifiedAt">When.</param>
/// <param name="Signature">64 bytes.</param>
internal sealed record KeyCertificate(string Origin, SigningHost? Host, byte[] PublicKey, DateTimeOffset CertifiedAt, byte[] Signature)
{
    private static ReadOnlySpan<byte> Tag => "ayni/key/v2\0\0\0\0\0"u8;

    private static ReadOnlySpan<byte> FirstTag => "ayni/key/v1\0\0\0\0\0"u8;

    /// <summary>How long it may take until the log holds a receipt.</summary>
    public TimeSpan Promise => Host?.Promise ?? SigningHost.StandardPromise;

    /// <summary>The signing key's id: <c>sig_</c> and the first eight bytes of the public key's SHA-256.</summary>
    public string KeyId => IdOf(PublicKey);

    public static string IdOf(ReadOnlySpan<byte> publicKey) => "sig_" + Digest.Of(publicKey).ToString()[..16];

    /// <summary>Certifies a key.</summary>
    public static KeyCertificate Create(string origin, Sign sign, SigningHost? host, ReadOnlySpan<byte> publicKey, DateTimeOffset now)
    {
        var certificate = new KeyCertificate(origin, host, publicKey.ToArray(), now, []);
        return certificate with { Signature = sign(certificate.Message()) };
    }

    public byte[] Encode() => [.. Message(), .. Signature];

    public static KeyCertificate Decode(ReadOnlySpan<byte> bytes)
    {
        var isFirst = bytes.StartsWith(FirstTag);
        return ProofFormat.Read(bytes, "key's certificate", (ref reader) => Read(ref reader, isFirst));
    }

    private static KeyCertificate Read(ref CanonicalReader reader, bool isFirst)
    {
        reader.Expect(isFirst ? FirstTag : Tag, "tag");
        var origin = reader.ReadText("origin");
        var host = isFirst ? null : reader.ReadText("host");
        var (publicKey, certifiedAt) = (reader.ReadBytes(Ed25519.PublicKeySize, "public key"), reader.ReadInstant("certified at"));
        var promise = isFirst ? 0 : reader.ReadInt64("promise");
        ProofChecks.All.Demand(
            ProofCheck.Format, isFirst || promise is > 0 and <= SigningHost.MostMinutes, "A key's certificate promises nothing that soon.");
        return new KeyCertificate(
            origin, host is null ? null : new(host, TimeSpan.FromMinutes(promise)), publicKey, certifiedAt,
            reader.ReadBytes(Ed25519.SignatureSize, "signature"));
    }

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
        writer.WriteBytes(Host is null ? FirstTag : Tag);
        writer.WriteText(Origin);
        if (Host is not null)
            writer.WriteText(Host.Name);
        writer.WriteBytes(PublicKey);
        writer.WriteInt64(CertifiedAt.Microseconds());
        if (Host is not null)
            writer.WriteInt64((long)Host.Promise.TotalMinutes);
        return writer.ToArray();
    }
}
