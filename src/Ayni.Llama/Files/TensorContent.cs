using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// The weights of one tensor in the row order the transformer computes with: the file's own bytes, or a copy where the file keeps another
/// order. Disposing frees the copy, or lets go of the file's pages; a copy that is not disposed is freed once nothing refers to
/// <see cref="Data"/>.
/// </summary>
internal sealed class TensorContent : IDisposable
{
    private readonly NativeBuffer? _copy;

    /// <summary>Bytes that the source keeps open.</summary>
    public TensorContent(TensorData data) => Data = data;

    /// <summary>A copy, owned from now on.</summary>
    public TensorContent(NativeBuffer copy)
        : this(new TensorData(copy)) => _copy = copy;

    /// <summary>The bytes, valid until the source is disposed; those of a copy until this is.</summary>
    public TensorData Data { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_copy is null)
            Data.DropPages();
        else
            _copy.Dispose();
    }
}
