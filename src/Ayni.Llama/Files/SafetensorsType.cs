using System.Collections.Frozen;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A number type of the safetensors format.</summary>
/// <param name="Name">The format's own word, such as <c>BF16</c>.</param>
/// <param name="Bits">The size of a number in bits.</param>
/// <param name="Type">The same type by GGUF's numbering, or null where GGUF has none.</param>
internal sealed record SafetensorsType(string Name, int Bits, TensorType? Type)
{
    private static readonly FrozenDictionary<string, SafetensorsType> Known = ((SafetensorsType[])
    [
        new("F32", 32, TensorType.F32), new("F16", 16, TensorType.F16), new("BF16", 16, TensorType.BF16), new("F64", 64, TensorType.F64),
        new("I8", 8, TensorType.I8), new("I16", 16, TensorType.I16), new("I32", 32, TensorType.I32), new("I64", 64, TensorType.I64),
        new("BOOL", 8, null), new("U8", 8, null), new("U16", 16, null), new("U32", 32, null), new("U64", 64, null), new("C64", 64, null),
        new("F8_E4M3", 8, null), new("F8_E5M2", 8, null), new("F8_E8M0", 8, null), new("F8_E4M3FNUZ", 8, null), new("F8_E5M2FNUZ", 8, null),
        new("F6_E2M3", 6, null), new("F6_E3M2", 6, null), new("F4", 4, null),
    ]).ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    /// <summary>The type of a name, or null where there is none.</summary>
    public static SafetensorsType? Find(string name) => Known.GetValueOrDefault(name);
}
