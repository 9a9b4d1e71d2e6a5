using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes the pickle of a PyTorch checkpoint: a dictionary from names to tensors, with the few operations that <c>torch.load</c> takes with
/// <c>weights_only</c>. Protocol 2, as <c>torch.save</c> writes it.
/// </summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    private PickleWriter()
    {
    }

    /// <summary>The pickle of some tensors.</summary>
    /// <param name="tensors">Each name with its tensor and the number of the storage that holds its weights.</param>
    public static byte[] Write(IEnumerable<(string Name, OutputTensor Tensor, int Storage)> tensors)
    {
        var pickle = new PickleWriter();
        pickle.Code([0x80, 2, (byte)'}', (byte)'(']); // PROTO, EMPTY_DICT, MARK
        foreach (var (name, tensor, storage) in tensors)
        {
            pickle.Text(name);
            pickle.Tensor(tensor, storage);
        }
        pickle.Code("u."u8); // SETITEMS, STOP
        return pickle._bytes.WrittenSpan.ToArray();
    }

    /// <summary><c>_rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)</c></summary>
    private void Tensor(OutputTensor tensor, int storage)
    {
        var kind = tensor.Type switch
        {
            TensorType.F32 => "FloatStorage",
            TensorType.F16 => "HalfStorage",
            TensorType.BF16 => "BFloat16Storage",
            _ => throw new ArgumentException($"{tensor.Name}: checkpoints have no type {tensor.Type}.", nameof(tensor)),
        };
        long[] shape = [.. tensor.Shape];
        Global("torch._utils", "_rebuild_tensor_v2");
        Code("(("u8);
        Text("storage");
        Global("torch", kind);
        Text(storage.ToString(CultureInfo.InvariantCulture));
        Text("cpu");
        Number(shape.Aggregate(1L, (product, size) => product * size));
        Code("tQ"u8); // TUPLE, BINPERSID
        Number(0);
        Tuple(shape);
        Tuple([.. shape.Select((_, i) => shape.Skip(i + 1).Aggregate(1L, (product, size) => product * size))]);
        Code([0x89]); // NEWFALSE
        Global("collections", "OrderedDict");
        Code(")RtR"u8); // EMPTY_TUPLE, REDUCE, TUPLE, REDUCE
    }

    private void Code(ReadOnlySpan<byte> operations) => _bytes.Write(operations);

    private void Global(string module, string name) => Code(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Code("X"u8); // BINUNICODE
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(4), bytes.Length);
        _bytes.Advance(4);
        Code(bytes);
    }

    private void Number(long value)
    {
        var bytes = _bytes.GetSpan(10);
        if (value <= int.MaxValue)
        {
            bytes[0] = (byte)'J'; // BININT
            BinaryPrimitives.WriteInt32LittleEndian(bytes[1..], (int)value);
            _bytes.Advance(5);
            return;
        }
        bytes[0] = 0x8A; // LONG1
        bytes[1] = 8;
        BinaryPrimitives.WriteInt64LittleEndian(bytes[2..], value);
        _bytes.Advance(10);
    }

    private void Tuple(long[] values)
    {
        Code("("u8); // MARK
        foreach (var value in values)
            Number(value);
        Code("t"u8); // TUPLE
    }
}
