using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>One tensor to be written into a model's file.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">How the weights are stored.</param>
/// <param name="Dimensions">Sizes in ggml's order: the contiguous one first.</param>
/// <param name="Write">Writes exactly the tensor's bytes to the stream it is given; called once.</param>
internal sealed record OutputTensor(string Name, TensorType Type, ImmutableArray<long> Dimensions, Action<Stream> Write)
{
    /// <summary>The length of the data.</summary>
    public long Bytes => TensorTypes.FormatOf(Type).BytesOf(Dimensions[0]) * Dimensions.Skip(1).Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Sizes with the contiguous one last, as other formats than GGUF say them.</summary>
    public IEnumerable<long> Shape => Dimensions.Reverse();

    /// <summary>Writes the data and makes sure that they have the length announced.</summary>
    public void WriteTo(Stream stream)
    {
        var start = stream.Position;
        Write(stream);
        if (stream.Position - start != Bytes)
            throw new InvalidOperationException($"{Name}: {stream.Position - start} bytes were written, its shape needs {Bytes}.");
    }
}
