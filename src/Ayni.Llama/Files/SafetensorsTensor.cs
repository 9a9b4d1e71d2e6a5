using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>One tensor of a safetensors file, checked against the file. Immutable.</summary>
/// <param name="Name">The name, such as <c>model.norm.weight</c>.</param>
/// <param name="Type">The number type; known, but not necessarily one that Ayni computes with.</param>
/// <param name="Shape">The sizes, the contiguous one last: a weight matrix is [outputs, inputs]. Empty for a single number.</param>
/// <param name="Offset">Where the data starts, in bytes from the start of the file.</param>
/// <param name="Bytes">The length of the data.</param>
/// <param name="InfoOffset">Where the header describes the tensor, for error messages.</param>
internal sealed record SafetensorsTensor(
    string Name, SafetensorsType Type, ImmutableArray<long> Shape, long Offset, long Bytes, long InfoOffset);
