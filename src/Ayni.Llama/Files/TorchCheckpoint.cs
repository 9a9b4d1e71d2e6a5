using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>One tensor of a checkpoint. Immutable.</summary>
/// <param name="Name">The name, such as <c>layers.0.attention.wq.weight</c>.</param>
/// <param name="Type">The number type: F32, F16 or BF16.</param>
/// <param name="Shape">The sizes, the contiguous one last.</param>
/// <param name="Offset">Where the data starts in the file.</param>
/// <param name="Bytes">The length of the data.</param>
internal sealed record TorchTensor(string Name, TensorType Type, ImmutableArray<long> Shape, long Offset, long Bytes);

/// <summary>
/// An open PyTorch checkpoint (<c>.pth</c>, as <c>torch.save</c> has written it since version 1.6): a zip archive of one pickle, which
/// names the tensors, and the numbers of each storage. The numbers stay in the file, mapped into memory. Safe for many threads.
/// </summary>
internal sealed class TorchCheckpoint : IDisposable
{
    private const string PickleName = "/data.pkl";

    private readonly MappedFile _mapping;

    private TorchCheckpoint(MappedFile mapping, IReadOnlyDictionary<string, TorchTensor> tensors)
    {
        _mapping = mapping;
        Tensors = tensors;
    }

    /// <summary>Where the file was opened.</summary>
    public string Path => _mapping.Path;

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TorchTensor> Tensors { get; }

    /// <summary>
    /// Opens a file and checks everything but the weights themselves. Throws <see cref="ModelFormatException"/> naming the place and the
    /// field, member or tensor at fault, and the file system's own exceptions.
    /// </summary>
    public static TorchCheckpoint Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Checkpoints are little-endian, and this processor is big-endian.");
        MappedFile mapping;
        try
        {
            mapping = MappedFile.Open(path);
        }
        catch (EndOfStreamException exception)
        {
            throw new ModelFormatException(path, 0, "directory", "the file is empty; was its download interrupted?", exception);
        }
        try
        {
            return new TorchCheckpoint(mapping, ReadTensors(mapping));
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <summary>The numbers of a tensor of this file. Valid until the file is disposed.</summary>
    public TensorData Data(TorchTensor tensor) => _mapping.Slice(tensor.Offset, tensor.Bytes);

    /// <summary>Closes the file. Tensor data taken from it can no longer be used.</summary>
    public void Dispose() => _mapping.Dispose();

    private static Dictionary<string, TorchTensor> ReadTensors(MappedFile file)
    {
        var members = StoredZip.Read(file);
        ZipMember[] pickles = [.. members.Values.Where(member => member.Name.EndsWith(PickleName, StringComparison.Ordinal))];
        if (pickles is not [var pickle])
            throw new ModelFormatException(
                file.Path, -1, PickleName[1..], $"{pickles.Length} members of this name; a checkpoint of PyTorch 1.6 or later has one");
        var root = pickle.Name[..^PickleName.Length];
        if (members.TryGetValue(root + "/byteorder", out var order) && !file.Span(order.Offset, (int)Math.Min(order.Bytes, 16)).SequenceEqual("little"u8))
            throw new ModelFormatException(file.Path, order.Offset, "byteorder", "not 'little'; Ayni reads little-endian files");
        if (pickle.Bytes > PickleLimits.Bytes)
        {
            throw new ModelFormatException(
                file.Path, pickle.Offset, PickleName[1..], $"{pickle.Bytes} bytes are more than the {PickleLimits.Bytes} that Ayni allows");
        }
        var reader = new PickleReader(file.Path, pickle.Offset, file.Span(pickle.Offset, (int)pickle.Bytes));
        return reader.ReadTensors().ToDictionary(
            item => item.Key, item => Resolve(file.Path, members, $"{root}/data/", item.Key, item.Value), StringComparer.Ordinal);
    }

    /// <summary>Finds a tensor's numbers in the archive: whole, one after another, and inside their storage.</summary>
    private static TorchTensor Resolve(string path, Dictionary<string, ZipMember> members, string folder, string name, PickleTensor tensor)
    {
        var storage = tensor.Storage;
        if (!members.TryGetValue(folder + storage.Key, out var member))
            throw Error(-1, "its numbers are not in the archive");
        var type = storage.Type switch
        {
            PickleGlobal.FloatStorage => TensorType.F32,
            PickleGlobal.HalfStorage => TensorType.F16,
            _ => TensorType.BF16,
        };
        var bytesPerNumber = TensorTypes.FormatOf(type).Bytes;
        try
        {
            checked
            {
                var count = 1L;
                for (var i = tensor.Shape.Length - 1; i >= 0; i--)
                {
                    if (tensor.Shape[i] != 1 && tensor.Strides[i] != count)
                        throw Error(member.Offset, "its numbers do not lie one after another; save the checkpoint from contiguous tensors");
                    count *= tensor.Shape[i];
                }
                if (storage.Count * bytesPerNumber != member.Bytes || tensor.Offset + count > storage.Count)
                    throw Error(member.Offset, $"{count} numbers from {tensor.Offset} do not fit into the {member.Bytes} bytes of its storage");
                return new TorchTensor(name, type, tensor.Shape, member.Offset + tensor.Offset * bytesPerNumber, count * bytesPerNumber);
            }
        }
        catch (OverflowException)
        {
            throw Error(member.Offset, "its shape is impossibly large");
        }

        ModelFormatException Error(long offset, string problem) => new(path, offset, name, problem);
    }
}
