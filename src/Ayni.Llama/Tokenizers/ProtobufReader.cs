using System.Buffers.Binary;

namespace Ayni.Llama;

/// <summary>How the value of a protocol buffers field is written.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// <summary>
/// Reads the fields of one message in the protocol buffers wire format (protobuf.dev/programming-guides/encoding), strictly: no groups, no
/// field 0, nothing beyond the end. Every error is a <see cref="ModelFormatException"/> with the offset in the file.
/// </summary>
/// <param name="path">The file, for errors.</param>
/// <param name="message">The message's bytes.</param>
/// <param name="start">Where the message starts in the file.</param>
internal ref struct ProtobufReader(string path, ReadOnlySpan<byte> message, int start)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _position;

    /// <summary>The number of the field read last.</summary>
    public int Field { get; private set; }

    /// <summary>How the value of the field read last is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>Where the reader is in the file.</summary>
    public readonly int Offset => start + _position;

    /// <summary>Goes to the next field, whose value has to be read or skipped; false at the end.</summary>
    public bool Next()
    {
        if (_position == _message.Length)
            return false;
        var at = Offset;
        var tag = ReadVarint();
        if (tag >> 3 is 0 or > 0x1FFF_FFFF || (tag & 7) is 3 or 4 or > 5)
            throw new ModelFormatException(path, at, "field tag", $"{tag} is not a protocol buffers tag");
        (Field, Type) = ((int)(tag >> 3), (WireType)(tag & 7));
        return true;
    }

    /// <summary>A varint field's value.</summary>
    public long ReadInteger()
    {
        Expect(WireType.Varint);
        return (long)ReadVarint();
    }

    /// <summary>A varint field's value as a truth value.</summary>
    public bool ReadBoolean() => ReadInteger() != 0;

    /// <summary>A float field's value.</summary>
    public float ReadFloat()
    {
        Expect(WireType.Fixed32);
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    /// <summary>The bytes of a string, bytes or message field.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Expect(WireType.Bytes);
        return Take(ReadVarint());
    }

    /// <summary>The message in a field.</summary>
    public ProtobufReader ReadMessage()
    {
        var bytes = ReadBytes();
        return new ProtobufReader(path, bytes, Offset - bytes.Length);
    }

    /// <summary>Passes over the field's value.</summary>
    public void Skip()
    {
        switch (Type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Bytes:
                Take(ReadVarint());
                break;
            default:
                Take(Type == WireType.Fixed64 ? 8UL : 4UL);
                break;
        }
    }

    private readonly void Expect(WireType type)
    {
        if (Type != type)
            throw new ModelFormatException(path, Offset, $"field {Field}", $"expected wire type {(int)type}, found {(int)Type}");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(_message.Length - _position))
            throw new ModelFormatException(path, Offset, $"field {Field}", $"{length} bytes go beyond the end of the message");
        var bytes = _message.Slice(_position, (int)length);
        _position += (int)length;
        return bytes;
    }

    private ulong ReadVarint()
    {
        var at = Offset;
        var value = 0UL;
        for (var shift = 0; shift < 64 && _position < _message.Length; shift += 7)
        {
            var part = _message[_position++];
            if (shift == 63 && part > 1)
                break;
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
        throw new ModelFormatException(path, at, $"field {Field}", "a number does not end");
    }
}
