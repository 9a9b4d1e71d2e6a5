using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>One weight tensor of a model, whatever file it comes from. Immutable.</summary>
public sealed record ModelTensor
{
    /// <summary>
    /// What a tensor's name begins with in files of other formats where GGUF has no name for it, so that it is never taken for one.
    /// </summary>
    internal const string UnknownPrefix = "unknown:";

    /// <summary>The name by GGUF's rules, such as <c>blk.0.attn_q.weight</c>; that of a tensor no Llama has is no such name.</summary>
    public required string Name { get; init; }

    /// <summary>The name in the file, such as <c>model.layers.0.self_attn.q_proj.weight</c>.</summary>
    public required string StoredName { get; init; }

    /// <summary>How the weights are stored, in the file format's own word.</summary>
    public required string TypeName { get; init; }

    /// <summary>
    /// How the weights are stored; null for a type that GGUF has no number for. Not necessarily <see cref="TensorTypes.IsReadable"/>.
    /// </summary>
    public required TensorType? Type { get; init; }

    /// <summary>Sizes in ggml's order: the first is the contiguous one, so a matrix is [columns, rows].</summary>
    public required ImmutableArray<long> Dimensions { get; init; }

    /// <summary>The length of the data in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where the data starts in its file, in bytes; of data in several files, where it starts in the first.</summary>
    public required long Offset { get; init; }

    /// <summary>The file that holds it, or the first of them.</summary>
    public required string Path { get; init; }

    /// <summary>Where the file describes it, for error messages; negative where that is no single place.</summary>
    internal long InfoOffset { get; init; } = -1;

    /// <summary>The number of weights: the product of the dimensions.</summary>
    public long Weights => Dimensions.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Whether the tensor holds the matrices of a layer's experts, <c>[experts, outputs, inputs]</c>.</summary>
    public bool IsExpertStack => Name.EndsWith("_exps.weight", StringComparison.Ordinal);

    /// <summary>The error for a tensor that a model can't use, such as one of a wrong shape.</summary>
    public ModelFormatException Error(string problem) => new(Path, InfoOffset, StoredName, problem);
}
