using System.Buffers.Binary;
using System.Text;

namespace Ayni.Receipts;

/// <summary>Reads what <see cref="CanonicalWriter"/> writes and refuses everything else, naming byte and field.</summary>
internal ref struct CanonicalReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _offset;

    public void Expect(ReadOnlySpan<byte> expected, string field)
    {
        var start = _offset;
        if (!Take(expected.Length, field).SequenceEqual(expected))
            throw new ReceiptFormatException(start, field, "is another");
    }

    public readonly void ExpectEnd()
    {
        if (_offset != _bytes.Length)
            throw new ReceiptFormatException(_offset, "the end", $"is followed by {_bytes.Length - _offset} bytes");
    }

    public void CopyTo(Span<byte> destination, string field) => Take(destination.Length, field).CopyTo(destination);

    public byte ReadByte(string field, byte largest)
    {
        var start = _offset;
        var value = Take(1, field)[0];
        return value <= largest ? value : throw new ReceiptFormatException(start, field, $"is {value}, not 0 to {largest}");
    }

    public long ReadInt64(string field) => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long), field));

    public Digest ReadDigest(string field) => Digest.FromBytes(Take(Digest.Size, field));

    public DateTimeOffset ReadInstant(string field)
    {
        var start = _offset;
        var microseconds = ReadInt64(field);
        return microseconds >= 0 && microseconds < LastInstant
            ? Instants.FromMicroseconds(microseconds)
            : throw new ReceiptFormatException(start, field, "lies outside the years 1970 to 9998");
    }

    public Period ReadPeriod(string field)
    {
        var start = _offset;
        var text = Encoding.Latin1.GetString(Take(7, field));
        return Period.TryParse(text, out var period) ? period : throw new ReceiptFormatException(start, field, "is no month such as 2026-11");
    }

    public Amount ReadAmount(string field)
    {
        var start = _offset;
        var code = Encoding.Latin1.GetString(Take(3, field));
        if (!Currency.TryParse(code, out var currency))
            throw new ReceiptFormatException(start, field, "is in no currency of ISO 4217");
        start = _offset;
        var units = BinaryPrimitives.ReadInt128BigEndian(Take(16, field));
        try
        {
            return new(units, currency);
        }
        catch (OverflowException)
        {
            throw new ReceiptFormatException(start, field, $"has more than {Amount.Digits} digits");
        }
    }

    public string ReadText(string field)
    {
        var start = _offset;
        int length = BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort), field));
        if (length is 0 or > CanonicalWriter.LongestText)
            throw new ReceiptFormatException(start, field, $"has {length} bytes, not 1 to {CanonicalWriter.LongestText}");
        try
        {
            return CanonicalWriter.StrictUtf8.GetString(Take(length, field));
        }
        catch (DecoderFallbackException)
        {
            throw new ReceiptFormatException(start, field, "is ill-formed UTF-8");
        }
    }

    private static readonly long LastInstant = new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero).Microseconds();

    private ReadOnlySpan<byte> Take(int length, string field)
    {
        if (length > _bytes.Length - _offset)
            throw new ReceiptFormatException(_offset, field, "is cut off");
        var taken = _bytes.Slice(_offset, length);
        _offset += length;
        return taken;
    }
}
