using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>What a GGUF file says before its weights.</summary>
internal sealed record GgufHeader(int Version, GgufMetadata Metadata, long Alignment, IReadOnlyList<GgufTensor> Tensors);

/// <summary>
/// Reads the head of a GGUF file, trusting nothing: each count and length is held against the bytes that remain before anything is
/// allocated for it.
/// Layout: magic, version, tensor count, pair count, pairs, tensor descriptions, padding, data.
/// </summary>
internal ref struct GgufHeaderReader
{
    // The least a pair takes (key length, one byte of key, type, a one-byte value) and a tensor's description
    // (name length, one byte of name, dimension count, one dimension, type, offset).
    private const int LeastPairBytes = 8 + 1 + 4 + 1;
    private const int LeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _head;
    private readonly long _fileBytes;
    private int _position;

    /// <param name="path">The file's name in errors.</param>
    /// <param name="head">The file's first bytes: all of them, or <see cref="GgufLimits.HeaderBytes"/>.</param>
    /// <param name="fileBytes">The length of the whole file.</param>
    public GgufHeaderReader(string path, ReadOnlySpan<byte> head, long fileBytes)
    {
        _path = path;
        _head = head;
        _fileBytes = fileBytes;
    }

    private readonly int Remaining => _head.Length - _position;

    public GgufHeader Read()
    {
        var version = ReadVersion();
        var tensorCount = ReadCount("tensor_count", GgufLimits.Tensors);
        var pairCountOffset = _position;
        var pairCount = ReadCount("metadata_kv_count", GgufLimits.Pairs);
        if ((long)pairCount * LeastPairBytes + (long)tensorCount * LeastTensorBytes > Remaining)
        {
            var (field, offset) = (long)pairCount * LeastPairBytes > Remaining
                ? ("metadata_kv_count", pairCountOffset)
                : ("tensor_count", 8);
            throw Error(offset, field, $"the file ends before {tensorCount} tensors and {pairCount} metadata pairs could; {Shortage}");
        }

        var metadata = ReadMetadata(pairCount);
        var alignment = ReadAlignment(metadata);
        var tensors = ReadTensors(tensorCount, alignment);
        return new GgufHeader(version, metadata, alignment, tensors);
    }

    private int ReadVersion()
    {
        if (!_head.StartsWith("GGUF"u8))
            throw Error(0, "magic", ForeignFile.Describe(_head));
        _position = 4;
        var version = ReadUInt32("version");
        // A big-endian file has the same magic and a version whose bytes are reversed.
        if (version != 0 && (version & 0xFFFF) == 0)
        {
            var reversed = BinaryPrimitives.ReverseEndianness(version);
            throw Error(4, "version", $"a big-endian GGUF file (version {reversed}); Ayni reads little-endian files");
        }
        return version switch
        {
            1 => throw Error(4, "version", "GGUF version 1 is no longer in use; convert the model again with a current converter"),
            2 or 3 => (int)version,
            _ => throw Error(4, "version", $"GGUF version {version} is not one Ayni reads; it reads 2 and 3"),
        };
    }

    private int ReadCount(string field, int limit)
    {
        var offset = _position;
        var count = ReadUInt64(field);
        if (count > (ulong)limit)
            throw Error(offset, field, $"{count} is more than the {limit} that Ayni allows");
        return (int)count;
    }

    private GgufMetadata ReadMetadata(int count)
    {
        var pairs = new List<(string, object, long)>(count);
        for (var i = 0; i < count; i++)
        {
            var key = ReadName($"metadata[{i.ToString(CultureInfo.InvariantCulture)}].key", GgufLimits.KeyBytes);
            var typeOffset = _position;
            var type = ReadUInt32(key);
            var valueOffset = _position;
            var value = (GgufValueType)type == GgufValueType.Array ? ReadArray(key) : ReadScalar(key, type, typeOffset);
            pairs.Add((key, value, valueOffset));
        }
        return new GgufMetadata(_path, pairs);
    }

    private object ReadScalar(string key, uint type, int typeOffset) => (GgufValueType)type switch
    {
        GgufValueType.UInt8 => Take(key, 1)[0],
        GgufValueType.Int8 => (sbyte)Take(key, 1)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(key, 2)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(key, 2)),
        GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(Take(key, 4)),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Take(key, 4)),
        GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(Take(key, 8)),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Take(key, 8)),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(key, 4)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(key, 8)),
        GgufValueType.Bool => ReadBooleans(key, 1)[0],
        GgufValueType.String => ReadString(key, GgufLimits.StringBytes),
        _ => throw Error(typeOffset, key, $"value type {type} is unknown"),
    };

    private object ReadArray(string key)
    {
        var typeOffset = _position;
        var type = ReadUInt32(key);
        var lengthOffset = _position;
        var length = ReadUInt64(key);
        var elementBytes = (GgufValueType)type switch
        {
            GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
            GgufValueType.UInt16 or GgufValueType.Int16 => 2,
            GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
            GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
            GgufValueType.String => 8, // At least: its length.
            GgufValueType.Array => throw Error(typeOffset, key, "an array of arrays, which Ayni does not read (nor does llama.cpp)"),
            _ => throw Error(typeOffset, key, $"array element type {type} is unknown"),
        };
        if (length > (ulong)(Remaining / elementBytes))
            throw Error(lengthOffset, key, $"an array of {length} elements does not fit; {Shortage}");
        var count = (int)length;
        return (GgufValueType)type switch
        {
            GgufValueType.UInt8 => ReadNumbers<byte>(key, count),
            GgufValueType.Int8 => ReadNumbers<sbyte>(key, count),
            GgufValueType.UInt16 => ReadNumbers<ushort>(key, count),
            GgufValueType.Int16 => ReadNumbers<short>(key, count),
            GgufValueType.UInt32 => ReadNumbers<uint>(key, count),
            GgufValueType.Int32 => ReadNumbers<int>(key, count),
            GgufValueType.UInt64 => ReadNumbers<ulong>(key, count),
            GgufValueType.Int64 => ReadNumbers<long>(key, count),
            GgufValueType.Float32 => ReadNumbers<float>(key, count),
            GgufValueType.Float64 => ReadNumbers<double>(key, count),
            GgufValueType.Bool => ReadBooleans(key, count),
            _ => ReadStrings(key, count),
        };
    }

    // The processor is little-endian: GgufFile.Open has made sure.
    private T[] ReadNumbers<T>(string key, int count)
        where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Take(key, count * Unsafe.SizeOf<T>())).ToArray();

    private bool[] ReadBooleans(string key, int count)
    {
        var offset = _position;
        var bytes = Take(key, count);
        var wrong = bytes.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (wrong >= 0)
            throw Error(offset + wrong, key, $"a truth value is {bytes[wrong]}; only 0 and 1 are allowed");
        return MemoryMarshal.Cast<byte, bool>(bytes).ToArray();
    }

    private string[] ReadStrings(string key, int count)
    {
        var strings = new string[count];
        for (var i = 0; i < count; i++)
            strings[i] = ReadString(key, GgufLimits.StringBytes);
        return strings;
    }

    private GgufTensor[] ReadTensors(int count, long alignment)
    {
        var descriptions = new TensorDescription[count];
        var names = new HashSet<string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var offset = _position;
            descriptions[i] = ReadTensorDescription(i);
            if (!names.Add(descriptions[i].Name))
                throw Error(offset, descriptions[i].Name, "two tensors have this name");
        }

        var dataStart = (_position + alignment - 1) / alignment * alignment;
        var tensors = new GgufTensor[count];
        for (var i = 0; i < count; i++)
            tensors[i] = Place(descriptions[i], dataStart, alignment);
        RefuseOverlaps(tensors);
        return tensors;
    }

    private TensorDescription ReadTensorDescription(int index)
    {
        var infoOffset = _position;
        var name = ReadName($"tensors[{index.ToString(CultureInfo.InvariantCulture)}].name", GgufLimits.TensorNameBytes);
        var rankOffset = _position;
        var rank = ReadUInt32(name);
        if (rank is < 1 or > GgufLimits.Dimensions)
            throw Error(rankOffset, name, $"has {rank} dimensions; 1 to {GgufLimits.Dimensions} are allowed");

        var dimensions = ImmutableArray.CreateBuilder<long>((int)rank);
        var weights = 1L;
        for (var d = 0; d < rank; d++)
        {
            var dimensionOffset = _position;
            var dimension = ReadUInt64(name);
            if (dimension == 0)
                throw Error(dimensionOffset, name, $"dimension {d} is zero");
            if (dimension > (ulong)(long.MaxValue / weights))
                throw Error(dimensionOffset, name, $"dimension {d} is {dimension}: the number of weights overflows");
            weights *= (long)dimension;
            dimensions.Add((long)dimension);
        }

        var typeOffset = _position;
        var type = (TensorType)ReadUInt32(name);
        if (TensorTypes.Find(type) is not { } format)
        {
            var readable = string.Join(", ", TensorTypes.Readable);
            throw Error(typeOffset, name, $"has type number {(uint)type}, which is unknown; readable: {readable}");
        }
        if (dimensions[0] % format.Weights != 0)
        {
            throw Error(rankOffset + 4, name,
                $"has rows of {dimensions[0]} weights, which are not whole blocks of {format.Weights} as {type} needs");
        }
        var blocks = weights / format.Weights;
        if (blocks > long.MaxValue / format.Bytes)
            throw Error(rankOffset + 4, name, $"has {weights} weights of type {type}: the number of bytes overflows");
        var offsetOffset = _position;
        return new TensorDescription(
            name, type, dimensions.MoveToImmutable(), blocks * format.Bytes, ReadUInt64(name), infoOffset, offsetOffset);
    }

    private readonly GgufTensor Place(TensorDescription tensor, long dataStart, long alignment)
    {
        if (tensor.Offset % (ulong)alignment != 0)
        {
            throw Error(tensor.OffsetOffset, tensor.Name,
                $"its data offset {tensor.Offset} is not a multiple of the alignment {alignment}");
        }
        var dataBytes = Math.Max(0, _fileBytes - dataStart);
        if (tensor.Offset > (ulong)dataBytes || tensor.Bytes > dataBytes - (long)tensor.Offset)
        {
            throw Error(tensor.OffsetOffset, tensor.Name,
                $"its {tensor.Bytes} bytes at data offset {tensor.Offset} "
                + $"reach beyond the file's {dataBytes} bytes of data; is the file complete?");
        }
        return new GgufTensor(
            tensor.Name, tensor.Type, tensor.Dimensions, dataStart + (long)tensor.Offset, tensor.Bytes, tensor.InfoOffset);
    }

    private readonly void RefuseOverlaps(GgufTensor[] tensors)
    {
        var byOffset = tensors.ToArray();
        Array.Sort(byOffset, (a, b) => a.Offset.CompareTo(b.Offset));
        for (var i = 1; i < byOffset.Length; i++)
        {
            var (before, after) = (byOffset[i - 1], byOffset[i]);
            if (before.Offset + before.Bytes > after.Offset)
                throw Error(after.InfoOffset, after.Name, $"its data overlap those of {before.Name}");
        }
    }

    private static long ReadAlignment(GgufMetadata metadata)
    {
        var alignment = metadata.FindInteger(GgufLimits.AlignmentKey) ?? GgufLimits.DefaultAlignment;
        if (alignment is < 1 or > GgufLimits.Alignment || !BitOperations.IsPow2(alignment))
            throw metadata.Error(GgufLimits.AlignmentKey, $"{alignment} is not a power of two from 1 to {GgufLimits.Alignment}");
        return alignment;
    }

    private string ReadName(string field, int limit)
    {
        var offset = _position;
        var name = ReadString(field, limit);
        return GgufText.FindNameProblem(name) is { } problem ? throw Error(offset, field, problem) : name;
    }

    private string ReadString(string field, int limit)
    {
        var offset = _position;
        var length = ReadUInt64(field);
        if (length > (ulong)Remaining)
            throw Error(offset, field, $"a string of {length} bytes does not fit; {Shortage}");
        if (length > (ulong)limit)
            throw Error(offset, field, $"a string of {length} bytes is longer than the {limit} that Ayni allows");
        var textOffset = _position;
        var bytes = Take(field, (int)length);
        // A text has no more UTF-16 units than UTF-8 bytes. Tokens are short: decoding them on the stack takes one pass and no exception.
        var units = bytes.Length <= 256 ? stackalloc char[256] : new char[bytes.Length];
        if (Utf8.ToUtf16(bytes, units, out var read, out var written, replaceInvalidSequences: false) != OperationStatus.Done)
            throw Error(textOffset + read, field, "the text is not valid UTF-8");
        return new string(units[..written]);
    }

    private uint ReadUInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(field, 4));

    private ulong ReadUInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(field, 8));

    private ReadOnlySpan<byte> Take(string field, int count)
    {
        if (count > Remaining)
            throw Error(_position, field, $"{count} bytes were expected; {Shortage}");
        var bytes = _head.Slice(_position, count);
        _position += count;
        return bytes;
    }

    private readonly string Shortage => _head.Length < _fileBytes
        ? $"{Remaining} bytes remain of the {GgufLimits.HeaderBytes} that Ayni allows before the weights"
        : $"{Remaining} bytes remain in the file; is it complete?";

    private readonly ModelFormatException Error(long offset, string field, string problem) => new(_path, offset, field, problem);

    private readonly record struct TensorDescription(
        string Name, TensorType Type, ImmutableArray<long> Dimensions, long Bytes, ulong Offset, long InfoOffset, long OffsetOffset);
}
