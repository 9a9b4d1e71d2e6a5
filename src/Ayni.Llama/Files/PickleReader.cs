using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Reads the pickle of a PyTorch checkpoint: a dictionary from names to tensors. A pickle is a program for a stack machine; this machine
/// knows only the operations and names that such dictionaries are written with, and refuses everything else by name. Nothing is ever
/// imported or called. (The operations are those of Python's <c>pickletools</c>.)
/// </summary>
internal ref struct PickleReader
{
    private const string Field = "data.pkl";
    private const int MaxDimensions = 8;

    private readonly string _path;
    private readonly long _start;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _position;
    private int _operation;
    private int _values;

    /// <param name="path">The file's name in errors.</param>
    /// <param name="start">Where the pickle starts in the file.</param>
    /// <param name="bytes">The pickle.</param>
    public PickleReader(string path, long start, ReadOnlySpan<byte> bytes)
    {
        _path = path;
        _start = start;
        _bytes = bytes;
        if (bytes.Length > PickleLimits.Bytes)
            throw Error($"{bytes.Length} bytes are more than the {PickleLimits.Bytes} that Ayni allows");
    }

    /// <summary>
    /// The tensors by name, in the pickle's order. What the layers of NVIDIA's Transformer Engine keep beside their weights
    /// (<c>_extra_state</c>, for 8-bit training) is passed over; other entries that are not tensors are refused.
    /// </summary>
    public Dictionary<string, PickleTensor> ReadTensors()
    {
        if (Run() is not Dictionary<string, object?> entries)
            throw Error("the checkpoint is not a dictionary of tensors");
        var tensors = new Dictionary<string, PickleTensor>(StringComparer.Ordinal);
        foreach (var (name, value) in entries.Where(entry => entry is not { Value: PickleOpaque.ByteStream } || !IsExtraState(entry.Key)))
            tensors.Add(name, value as PickleTensor ?? throw Error($"the entry '{Short(name)}' is not a tensor"));
        return tensors;
    }

    private static bool IsExtraState(string name) => name.EndsWith("._extra_state", StringComparison.Ordinal);

    private object? Run()
    {
        for (var count = 0; count < PickleLimits.Operations; count++)
        {
            _operation = _position;
            var code = Byte();
            if (code == '.')
                return Pop();
            Execute(code);
            if (_stack.Count > PickleLimits.Stack || _memo.Count > PickleLimits.Memo || _values > PickleLimits.Values)
                throw Error("more values than Ayni allows");
        }
        throw Error($"more than the {PickleLimits.Operations} operations that Ayni allows");
    }

    private void Execute(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                if (Byte() is var version and (< 2 or > 5))
                    throw Error($"pickle protocol {version} is not one that checkpoints are written in");
                break;
            case (byte)'}': // EMPTY_DICT
                Push(new Dictionary<string, object?>(StringComparer.Ordinal));
                break;
            case (byte)')': // EMPTY_TUPLE
                Push(Array.Empty<object?>());
                break;
            case (byte)'(': // MARK
                _marks.Add(_stack.Count);
                if (_marks.Count > PickleLimits.Stack)
                    throw Error("more marks than Ayni allows");
                break;
            case (byte)'t': // TUPLE
                Push(PopToMark());
                break;
            case 0x85 or 0x86 or 0x87: // TUPLE1, TUPLE2, TUPLE3
                Push(PopMany(code - 0x84));
                break;
            case (byte)'X' or 0x8C: // BINUNICODE, SHORT_BINUNICODE
                Push(Text(code == 'X' ? Int32() : Byte()));
                break;
            case (byte)'J': // BININT
                Push((long)Int32());
                break;
            case (byte)'K': // BININT1
                Push((long)Byte());
                break;
            case (byte)'M': // BININT2
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8A: // LONG1
                Push(Long(Byte()));
                break;
            case (byte)'N': // NONE
                Push(null);
                break;
            case 0x88 or 0x89: // NEWTRUE, NEWFALSE
                Push(code == 0x88);
                break;
            case (byte)'c': // GLOBAL
                Push(Global(Line(), Line()));
                break;
            case 0x93: // STACK_GLOBAL
                var name = PopText();
                Push(Global(PopText(), name));
                break;
            case (byte)'Q': // BINPERSID
                Push(Storage(Pop()));
                break;
            case (byte)'R': // REDUCE
                var arguments = PopTuple();
                Push(Reduce(Pop(), arguments));
                break;
            case 0x81: // NEWOBJ
                Push(PopTuple() is [] && Pop() is PickleGlobal.ByteStream
                    ? PickleOpaque.ByteStream
                    : throw Error("a new object of something that is no empty stream of bytes; nothing of it was executed"));
                break;
            case (byte)'B' or (byte)'C': // BINBYTES, SHORT_BINBYTES
                Take(code == 'B' ? Int32() : Byte());
                Push(PickleOpaque.Bytes);
                break;
            case (byte)'b': // BUILD: an ordered dictionary's attributes, such as the versions of a module's parts, or a stream's bytes; not weights.
                Pop();
                break;
            case (byte)'s' or (byte)'u': // SETITEM, SETITEMS
                SetItems(code == 's' ? PopMany(2) : PopToMark());
                break;
            case (byte)'q' or (byte)'r': // BINPUT, LONG_BINPUT
                _memo[code == 'q' ? Byte() : Int32()] = Peek();
                break;
            case 0x94: // MEMOIZE
                _memo[_memo.Count] = Peek();
                break;
            case (byte)'h' or (byte)'j': // BINGET, LONG_BINGET
                var index = code == 'h' ? Byte() : Int32();
                _stack.Add(_memo.TryGetValue(index, out var value) ? value : throw Error($"value {index} was never remembered"));
                break;
            case 0x95: // FRAME: a length that only matters to who reads from a stream.
                Take(8);
                break;
            default:
                throw Error($"operation 0x{code:X2} is not one that checkpoints of weights are written with; nothing of it was executed");
        }
    }

    private readonly PickleGlobal Global(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => PickleGlobal.OrderedDictionary,
        ("torch._utils", "_rebuild_tensor_v2") => PickleGlobal.RebuildTensor,
        ("_io", "BytesIO") => PickleGlobal.ByteStream,
        ("_codecs", "encode") => PickleGlobal.Encode,
        ("__builtin__" or "builtins", "bytes") => PickleGlobal.Bytes,
        ("torch", "FloatStorage") => PickleGlobal.FloatStorage,
        ("torch", "HalfStorage") => PickleGlobal.HalfStorage,
        ("torch", "BFloat16Storage") => PickleGlobal.BFloat16Storage,
        _ => throw Error($"it names '{Short(module)}.{Short(name)}', which weights do not need; nothing of it was executed"),
    };

    /// <summary>A reference into the archive: ("storage", type, key, device, count).</summary>
    private readonly PickleStorage Storage(object? reference) =>
        reference is object?[] { Length: 5 } parts
            && parts[0] is "storage"
            && parts[1] is PickleGlobal type and (PickleGlobal.FloatStorage or PickleGlobal.HalfStorage or PickleGlobal.BFloat16Storage)
            && parts[2] is string key
            && parts[4] is long count and >= 0
            ? new PickleStorage(type, key, count)
            : throw Error("a reference to data outside the pickle is not one to a storage of F32, F16 or BF16 numbers");

    private readonly object Reduce(object? function, object?[] arguments)
    {
        if (function is PickleGlobal.OrderedDictionary && arguments.Length == 0)
            return new Dictionary<string, object?>(StringComparer.Ordinal);
        // Protocol 2 has no bytes: it says what text they are the encoding of. Nobody reads them.
        if (function is PickleGlobal.Encode && arguments is [string, "latin1"] || function is PickleGlobal.Bytes && arguments is [])
            return PickleOpaque.Bytes;
        // Storage, offset, sizes, strides; what follows concerns training.
        if (function is not PickleGlobal.RebuildTensor || arguments.Length < 4)
            throw Error("a call of something that is neither an empty dictionary nor a tensor; nothing of it was executed");
        if (arguments is not [PickleStorage storage, long offset, object?[] sizes, object?[] strides, ..])
            throw Error("a tensor's arguments are not storage, offset, sizes and strides");
        return offset >= 0 && sizes.Length == strides.Length && sizes.Length <= MaxDimensions
            ? new PickleTensor(storage, offset, Numbers(sizes), Numbers(strides))
            : throw Error("a tensor's offset, sizes and strides do not fit together");
    }

    private readonly ImmutableArray<long> Numbers(object?[] values)
    {
        var numbers = ImmutableArray.CreateBuilder<long>(values.Length);
        foreach (var value in values)
            numbers.Add(value is long number and >= 0 ? number : throw Error("a tensor's sizes and strides are whole numbers from 0"));
        return numbers.ToImmutable();
    }

    private readonly void SetItems(object?[] items)
    {
        if (Peek() is not Dictionary<string, object?> target || items.Length % 2 != 0)
            throw Error("items are set that are not pairs, or of something that is no dictionary");
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is not string name)
                throw Error("a dictionary's key is not a text");
            if (!target.TryAdd(name, items[i + 1]))
                throw Error($"the key '{Short(name)}' occurs twice");
        }
    }

    private void Push(object? value)
    {
        _stack.Add(value);
        _values++;
    }

    private readonly object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Error("the stack is empty");

    private readonly object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private readonly string PopText() => Pop() as string ?? throw Error("a text was expected on the stack");

    private readonly object?[] PopTuple() => Pop() as object?[] ?? throw Error("a tuple was expected on the stack");

    private readonly object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw Error("there is no mark on the stack");
        var values = PopMany(_stack.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private readonly object?[] PopMany(int count)
    {
        if (_stack.Count - Floor < count)
            throw Error("the stack is empty");
        object?[] values = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private byte Byte() => Take(1)[0];

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    /// <summary>A whole number of up to eight bytes in two's complement.</summary>
    private long Long(int length)
    {
        if (length > 8)
            throw Error($"a number of {length} bytes");
        var value = 0L;
        var bytes = Take(length);
        for (var i = length - 1; i >= 0; i--)
            value = value << 8 | bytes[i];
        var unused = 64 - 8 * length;
        return length == 0 ? 0 : value << unused >> unused;
    }

    private string Text(int length)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Take(length));
        }
        catch (DecoderFallbackException error)
        {
            throw Error("a text is not valid UTF-8", error);
        }
    }

    private string Line()
    {
        var length = _bytes[_position..].IndexOf((byte)'\n');
        if (length is < 0 or > 200)
            throw Error("a name has no end");
        var text = Text(length);
        _position++;
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _bytes.Length - _position)
            throw Error($"{count} bytes were expected; {_bytes.Length - _position} bytes remain");
        var bytes = _bytes.Slice(_position, count);
        _position += count;
        return bytes;
    }

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private readonly ModelFormatException Error(string problem, Exception? inner = null) => new(_path, _start + _operation, Field, problem, inner);
}
