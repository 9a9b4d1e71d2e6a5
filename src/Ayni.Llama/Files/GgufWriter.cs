using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes a GGUF file of version 3, little-endian, that <see cref="GgufFile"/> and llama.cpp read: metadata and tensors in the order they
/// were added.
/// The data start at multiples of the key <c>general.alignment</c>, or of 32 bytes where it isn't set. For one thread at a time.
/// </summary>
public sealed class GgufWriter
{
    private readonly OrderedDictionary<string, object> _metadata = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Adds a pair.</summary>
    /// <param name="key">The key, not used before.</param>
    /// <param name="value">A number of a .NET type that GGUF has, a <see cref="bool"/>, a <see cref="string"/>, or an array of one of
    /// these.</param>
    /// <exception cref="ArgumentException">The key is empty, too long, used twice or not printable, or the value is of a type GGUF
    /// lacks.</exception>
    public void Add(string key, object value)
    {
        CheckName(key, GgufLimits.KeyBytes);
        if (TypeOf(value is Array array ? array.GetType().GetElementType()! : value.GetType()) is null)
            throw new ArgumentException($"{key}: GGUF has no value type for {value.GetType().Name}.", nameof(value));
        foreach (var text in value as string[] ?? (value is string single ? [single] : []))
            CheckText(text, GgufLimits.StringBytes);
        if (key == GgufLimits.AlignmentKey && !(value is uint number && number <= GgufLimits.Alignment && BitOperations.IsPow2(number)))
            throw new ArgumentException($"{key}: {value} is not an unsigned power of two up to {GgufLimits.Alignment}.", nameof(value));
        if (!_metadata.TryAdd(key, value))
            throw new ArgumentException($"The key {key} is there already.", nameof(key));
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">The name, not used before.</param>
    /// <param name="type">How the weights are stored.</param>
    /// <param name="dimensions">One to four sizes, the contiguous one first; it must be whole blocks of the type.</param>
    /// <param name="writeData">Writes exactly the tensor's bytes to the stream it is given; called once by each <see cref="Save"/>.</param>
    /// <exception cref="ArgumentException">The name, type or dimensions are impossible or the name is used twice.</exception>
    public void AddTensor(string name, TensorType type, ImmutableArray<long> dimensions, Action<Stream> writeData)
    {
        ArgumentNullException.ThrowIfNull(writeData);
        CheckName(name, GgufLimits.TensorNameBytes);
        if (dimensions.Length is < 1 or > GgufLimits.Dimensions || dimensions.Any(dimension => dimension < 1))
        {
            throw new ArgumentException(
                $"{name}: a tensor has 1 to {GgufLimits.Dimensions} dimensions, none of them zero.", nameof(dimensions));
        }
        var format = TensorTypes.FormatOf(type);
        var rows = dimensions.Skip(1).Aggregate(1L, (product, dimension) => checked(product * dimension));
        var bytes = checked(format.BytesOf(dimensions[0]) * rows);
        if (!_tensors.TryAdd(name, new Tensor(type, dimensions, bytes, writeData)))
            throw new ArgumentException($"The tensor {name} is there already.", nameof(name));
    }

    /// <summary>
    /// Writes the file. It grows under the path with <c>.partial</c> appended and gets its name only when it is complete and on the disk,
    /// replacing a file of that name; after an error nothing is left behind.
    /// </summary>
    /// <exception cref="InvalidOperationException">A tensor's data were not as long as its shape says.</exception>
    /// <exception cref="IOException">The disk is full, or another writer is writing the same file.</exception>
    public void Save(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("GGUF weights are little-endian, and this processor is big-endian.");
        var partial = path + ".partial";
        // Opened outside the try: if another writer has it, it isn't ours to delete.
        var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        try
        {
            using (stream)
            {
                Write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private void Write(FileStream stream)
    {
        using var writer = new BinaryWriter(stream, GgufText.StrictUtf8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            WriteString(writer, key);
            WriteValue(writer, value);
        }

        var alignment = _metadata.TryGetValue(GgufLimits.AlignmentKey, out var boxed) ? (uint)boxed : GgufLimits.DefaultAlignment;
        var offset = 0L;
        foreach (var (name, tensor) in _tensors)
        {
            WriteString(writer, name);
            writer.Write((uint)tensor.Dimensions.Length);
            foreach (var dimension in tensor.Dimensions)
                writer.Write((ulong)dimension);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset = checked((offset + tensor.Bytes + alignment - 1) / alignment * alignment);
        }

        Pad(writer, alignment);
        foreach (var (name, tensor) in _tensors)
        {
            writer.Flush();
            var start = stream.Position;
            tensor.WriteData(stream);
            var written = stream.Position - start;
            if (written != tensor.Bytes)
                throw new InvalidOperationException($"{name}: {written} bytes were written, its shape needs {tensor.Bytes}.");
            Pad(writer, alignment);
        }
    }

    private static void Pad(BinaryWriter writer, long alignment)
    {
        writer.Flush();
        var over = writer.BaseStream.Position % alignment;
        if (over > 0)
            writer.Write(new byte[alignment - over]);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        if (value is not Array array)
        {
            writer.Write((uint)TypeOf(value.GetType())!);
            WriteElements(writer, ToArray(value));
            return;
        }
        writer.Write((uint)GgufValueType.Array);
        writer.Write((uint)TypeOf(array.GetType().GetElementType()!)!);
        writer.Write((ulong)array.Length);
        WriteElements(writer, array);
    }

    private static Array ToArray(object value) => value switch
    {
        byte v => new[] { v },
        sbyte v => new[] { v },
        ushort v => new[] { v },
        short v => new[] { v },
        uint v => new[] { v },
        int v => new[] { v },
        ulong v => new[] { v },
        long v => new[] { v },
        float v => new[] { v },
        double v => new[] { v },
        bool v => new[] { v },
        _ => new[] { (string)value },
    };

    private static void WriteElements(BinaryWriter writer, Array values)
    {
        switch (values)
        {
            case string[] strings:
                foreach (var text in strings)
                    WriteString(writer, text);
                break;
            // To the runtime a signed array is also an unsigned one of the same width, which is just what its bytes need.
            case byte[] bytes: writer.Write(bytes); break;
            case bool[] booleans: writer.Write(MemoryMarshal.AsBytes<bool>(booleans)); break;
            case ushort[] numbers: writer.Write(MemoryMarshal.AsBytes<ushort>(numbers)); break;
            case uint[] numbers: writer.Write(MemoryMarshal.AsBytes<uint>(numbers)); break;
            case ulong[] numbers: writer.Write(MemoryMarshal.AsBytes<ulong>(numbers)); break;
            case float[] numbers: writer.Write(MemoryMarshal.AsBytes<float>(numbers)); break;
            case double[] numbers: writer.Write(MemoryMarshal.AsBytes<double>(numbers)); break;
        }
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        var bytes = GgufText.StrictUtf8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static GgufValueType? TypeOf(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.Byte => GgufValueType.UInt8,
        TypeCode.SByte => GgufValueType.Int8,
        TypeCode.UInt16 => GgufValueType.UInt16,
        TypeCode.Int16 => GgufValueType.Int16,
        TypeCode.UInt32 => GgufValueType.UInt32,
        TypeCode.Int32 => GgufValueType.Int32,
        TypeCode.UInt64 => GgufValueType.UInt64,
        TypeCode.Int64 => GgufValueType.Int64,
        TypeCode.Single => GgufValueType.Float32,
        TypeCode.Double => GgufValueType.Float64,
        TypeCode.Boolean => GgufValueType.Bool,
        TypeCode.String => GgufValueType.String,
        _ => null,
    };

    private static void CheckName(string name, int limit)
    {
        CheckText(name, limit);
        if (GgufText.FindNameProblem(name) is { } problem)
            throw new ArgumentException($"The name \"{name}\" {problem}.", nameof(name));
    }

    private static void CheckText(string text, int limit)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (GgufText.StrictUtf8.GetByteCount(text) > limit)
            throw new ArgumentException($"A text of {text.Length} characters is longer than the {limit} bytes allowed.", nameof(text));
    }

    private sealed record Tensor(TensorType Type, ImmutableArray<long> Dimensions, long Bytes, Action<Stream> WriteData);
}
