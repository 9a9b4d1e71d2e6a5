using System.Globalization;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Receipts;

/// <summary>
/// One entry of the transparency log. Its bytes are <c>"ayni/log/v1"</c> and zeros (16), a kind (1), and:
/// <code>
/// 1 batches      first number (8), batches (8), root of their hashes (32), RFC 6962
/// 2 period       period (7), hash of its record (32)
/// 3 agreement    version (8), hash of what it says (32)
/// 4 model        name (text), digest (32)
/// 5 key          certificate: the rest
/// 6 revocation   id of a signing key or a party's (text); nothing it signed is to be believed unless the log held it before this entry
/// 7 party's key  party (text), public key (32), whether an endorsement follows (1) and, if so, the signature of the key before (64)
/// 8 objection    id (text), number of the step (8), period (7), hash of what was said (32)
/// 9 erasure      hash of a customer's id (32): what commits to its receipts can't be opened any more
/// </code>
/// </summary>
internal abstract record LogEntry
{
    /// <summary>Bytes of the longest entry: a bundle has two bytes for its length.</summary>
    public const int MostBytes = ushort.MaxValue;

    private static ReadOnlySpan<byte> Tag => "ayni/log/v1\0\0\0\0\0"u8;

    /// <summary>Batches of receipts, one number after the other.</summary>
    public sealed record Batches(long First, long Count, Digest Root) : LogEntry;

    /// <summary>A closed period.</summary>
    public sealed record ClosedPeriod(Period Period, Digest Record) : LogEntry;

    /// <summary>A version of an agreement.</summary>
    public sealed record AgreementVersion(long Version, Digest Hash) : LogEntry;

    /// <summary>A model that is served.</summary>
    public sealed record Model(string Name, Digest Digest) : LogEntry;

    /// <summary>A signing key that is certified from here on.</summary>
    public sealed record Key(KeyCertificate Certificate) : LogEntry;

    /// <summary>A signing key that is revoked from here on.</summary>
    public sealed record Revocation(string KeyId) : LogEntry;

    /// <summary>A key by which a party signs from here on; without an endorsement it is the party's by the host's word alone.</summary>
    public sealed record PartyKey(string PartyId, byte[] PublicKey, byte[]? Endorsement) : LogEntry;

    /// <summary>A step of an objection.</summary>
    public sealed record Objection(string Id, long Step, Period Period, Digest Hash) : LogEntry;

    /// <summary>That a customer's secret was destroyed.</summary>
    public sealed record Erasure(Digest Customer) : LogEntry
    {
        public static Erasure Of(string customerId) => new(Digest.Of(System.Text.Encoding.UTF8.GetBytes(customerId)));
    }

    /// <summary>Its kind and what it is about: no two entries of a log have the same.</summary>
    public (string Kind, string Reference) Subject => this switch
    {
        Batches batches => ("batches", batches.First.ToString(CultureInfo.InvariantCulture)),
        ClosedPeriod closed => ("period", closed.Period.ToString()),
        AgreementVersion agreement => ("agreement", agreement.Version.ToString(CultureInfo.InvariantCulture)),
        Model model => ("model", $"{model.Digest} {model.Name}"),
        Key key => ("key", key.Certificate.KeyId),
        Revocation revocation => ("revocation", revocation.KeyId),
        PartyKey key => ("party_key", KeyCertificate.IdOf(key.PublicKey)),
        Objection objection => ("objection", string.Create(CultureInfo.InvariantCulture, $"{objection.Id}/{objection.Step}")),
        Erasure erasure => ("erasure", erasure.Customer.ToString()),
        _ => throw new InvalidOperationException($"{this} is no entry."),
    };

    public byte[] Encode()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        switch (this)
        {
            case Batches batches:
                writer.WriteByte(1);
                writer.WriteInt64(batches.First);
                writer.WriteInt64(batches.Count);
                writer.WriteDigest(batches.Root);
                break;
            case ClosedPeriod closed:
                writer.WriteByte(2);
                writer.WriteAscii(closed.Period.ToString());
                writer.WriteDigest(closed.Record);
                break;
            case AgreementVersion agreement:
                writer.WriteByte(3);
                writer.WriteInt64(agreement.Version);
                writer.WriteDigest(agreement.Hash);
                break;
            case Model model:
                writer.WriteByte(4);
                writer.WriteText(model.Name);
                writer.WriteDigest(model.Digest);
                break;
            case Key key:
                writer.WriteByte(5);
                writer.WriteBytes(key.Certificate.Encode());
                break;
            case Revocation revocation:
                writer.WriteByte(6);
                writer.WriteText(revocation.KeyId);
                break;
            case PartyKey key:
                writer.WriteByte(7);
                writer.WriteText(key.PartyId);
                writer.WriteBytes(key.PublicKey);
                writer.WriteByte(key.Endorsement is null ? (byte)0 : (byte)1);
                writer.WriteBytes(key.Endorsement);
                break;
            case Objection objection:
                writer.WriteByte(8);
                writer.WriteText(objection.Id);
                writer.WriteInt64(objection.Step);
                writer.WriteAscii(objection.Period.ToString());
                writer.WriteDigest(objection.Hash);
                break;
            case Erasure erasure:
                writer.WriteByte(9);
                writer.WriteDigest(erasure.Customer);
                break;
        }
        return writer.ToArray();
    }

    /// <summary>Reads an entry. Throws <see cref="ProofException"/> for what is none.</summary>
    public static LogEntry Decode(byte[] bytes) => ProofFormat.Read<LogEntry>(bytes, "entry of a log", (ref reader) =>
    {
        reader.Expect(Tag, "tag");
        return reader.ReadByte("kind", byte.MaxValue) switch
        {
            1 => new Batches(reader.ReadInt64("first"), reader.ReadInt64("batches"), reader.ReadDigest("root")),
            2 => new ClosedPeriod(reader.ReadPeriod("period"), reader.ReadDigest("record")),
            3 => new AgreementVersion(reader.ReadInt64("version"), reader.ReadDigest("hash")),
            4 => new Model(reader.ReadText("name"), reader.ReadDigest("digest")),
            5 => new Key(KeyCertificate.Decode(reader.ReadBytes(bytes.Length - Tag.Length - 1, "certificate"))),
            6 => new Revocation(reader.ReadText("key")),
            7 => new PartyKey(
                reader.ReadText("party"), reader.ReadBytes(Ed25519.PublicKeySize, "public key"),
                reader.ReadByte("endorsement follows", 1) == 0 ? null : reader.ReadBytes(Ed25519.SignatureSize, "endorsement")),
            8 => new Objection(reader.ReadText("objection"), reader.ReadInt64("step"), reader.ReadPeriod("period"), reader.ReadDigest("hash")),
            9 => new Erasure(reader.ReadDigest("customer")),
            var kind => throw new ProofException(ProofCheck.Format, $"The log has an entry of kind {kind}; use the newer program."),
        };
    });
}
