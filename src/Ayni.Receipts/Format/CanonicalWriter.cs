using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Ayni.Receipts;

/// <summary>Writes the values canonical layouts are made of.</summary>
internal sealed class CanonicalWriter
{
    /// <summary>Bytes of the longest text.</summary>
    public const int LongestText = 1024;

    /// <summary>UTF-8 that throws at half a surrogate pair and at any other ill-formed text.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    public int Length => _bytes.WrittenCount;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public void WriteBytes(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void WriteByte(byte value) => _bytes.Write([value]);

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
    }

    public void WriteInt128(Int128 value)
    {
        BinaryPrimitives.WriteInt128BigEndian(_bytes.GetSpan(16), value);
        _bytes.Advance(16);
    }

    public void WriteDigest(Digest digest)
    {
        digest.WriteTo(_bytes.GetSpan(Digest.Size));
        _bytes.Advance(Digest.Size);
    }

    /// <summary>ASCII without its length, for codes of fixed width.</summary>
    public void WriteAscii(string text) => _bytes.Advance(Encoding.ASCII.GetBytes(text, _bytes.GetSpan(text.Length)));

    /// <summary>Two bytes of length and UTF-8.</summary>
    public void WriteText(string text)
    {
        int length;
        try
        {
            length = StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException)
        {
            throw new ReceiptFormatException(Length, $"'{text}'", "holds half a surrogate pair");
        }
        if (length is 0 or > LongestText)
            throw new ReceiptFormatException(Length, "a text", $"has {length} bytes, not 1 to {LongestText}");
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.GetSpan(sizeof(ushort)), (ushort)length);
        _bytes.Advance(sizeof(ushort));
        _bytes.Advance(StrictUtf8.GetBytes(text, _bytes.GetSpan(length)));
    }
}
