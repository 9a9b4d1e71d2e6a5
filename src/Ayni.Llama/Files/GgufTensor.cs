using System.Collections.Immutable;
using System.Globalization;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>One tensor of a GGUF file: what it is and where it lies, checked against the file. Immutable.</summary>
public sealed class GgufTensor
{
    internal GgufTensor(string name, TensorType type, ImmutableArray<long> dimensions, long offset, long bytes, long infoOffset)
    {
        Name = name;
        Type = type;
        Dimensions = dimensions;
        Offset = offset;
        Bytes = bytes;
        InfoOffset = infoOffset;
    }

    /// <summary>The name, such as <c>blk.0.attn_q.weight</c>.</summary>
    public string Name { get; }

    /// <summary>How the weights are stored; known, but not necessarily <see cref="TensorTypes.IsReadable"/>.</summary>
    public TensorType Type { get; }

    /// <summary>
    /// One to four sizes, none zero, in ggml's order: the first is the contiguous one, so a weight matrix is [columns, rows] = [inputs,
    /// outputs].
    /// The first is a multiple of the type's block.
    /// </summary>
    public ImmutableArray<long> Dimensions { get; }

    /// <summary>Where the data starts, in bytes from the start of the file; a multiple of the file's alignment.</summary>
    public long Offset { get; }

    /// <summary>The length of the data in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The number of weights: the product of the dimensions.</summary>
    public long Weights => Dimensions.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Where the file describes the tensor, for error messages.</summary>
    internal long InfoOffset { get; }

    /// <summary>The name, type and shape, such as <c>output.weight Q6_K [2048, 32000]</c>.</summary>
    public override string ToString() => $"{Name} {Type} {Shape}";

    private string Shape => "[" + string.Join(", ", Dimensions.Select(d => d.ToString(CultureInfo.InvariantCulture))) + "]";
}
