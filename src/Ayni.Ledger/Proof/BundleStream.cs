using System.Buffers.Binary;
using System.Text;

namespace Ayni.Ledger;

/// <summary>Reads the binary files of a bundle. Whatever is cut off or too long is a <see cref="ProofException"/>.</summary>
internal sealed class BundleStream(Stream stream)
{
    /// <summary>The next byte; null at the end.</summary>
    public byte? TryReadByte() => stream.ReadByte() is var value and >= 0 ? (byte)value : null;

    /// <summary>Bytes of a fixed number.</summary>
    public byte[] Read(int count)
    {
        var bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count
            ? bytes
            : throw new ProofException(ProofCheck.Format, "The bundle's receipts are cut off.");
    }

    /// <summary>Bytes after their length (4, big-endian), which takes no more memory than there are bytes.</summary>
    public byte[] ReadItem()
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(Read(sizeof(int)));
        ProofChecks.All.Demand(
            ProofCheck.Format, length is >= 0 and <= AuditBundle.MostItemBytes && length <= stream.Length - stream.Position,
            "The bundle holds an item that is too long.");
        return Read(length);
    }

    /// <summary>ASCII after its length (1).</summary>
    public string ReadText()
    {
        var text = Encoding.Latin1.GetString(Read(Read(1)[0]));
        ProofChecks.All.Demand(ProofCheck.Format, text.Length == 0 || SumLeaf.IsId(text), "The bundle holds an id that none is.");
        return text;
    }

    /// <summary>A number of 8 bytes, zero or more.</summary>
    public long ReadNumber()
    {
        var number = BinaryPrimitives.ReadInt64BigEndian(Read(sizeof(long)));
        ProofChecks.All.Demand(ProofCheck.Format, number >= 0, "The bundle holds a number below zero.");
        return number;
    }

    public Digest ReadDigest() => Digest.FromBytes(Read(Digest.Size));
}
