using System.Buffers.Binary;
using System.Text;

namespace Ayni.Llama.Tests;

/// <summary>Composes the bytes of a safetensors file, lies included.</summary>
internal static class RawSafetensors
{
    /// <summary>Length, header and so many bytes of data.</summary>
    public static byte[] Of(string header, int dataBytes) => Of(header, new byte[dataBytes]);

    public static byte[] Of(string header, byte[] data)
    {
        var text = Encoding.Latin1.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)text.Length);
        return [.. length, .. text, .. data];
    }

    /// <summary>A valid file of tensors of one type, one after another.</summary>
    public static byte[] Of(string type, int bytesPerWeight, params (string Name, int[] Shape)[] tensors)
    {
        var (header, end) = (new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}"), 0);
        foreach (var (name, shape) in tensors)
        {
            var start = end;
            end += shape.Aggregate(bytesPerWeight, (a, b) => a * b);
            header.Append(System.Globalization.CultureInfo.InvariantCulture, $",\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(",", shape)}],\"data_offsets\":[{start},{end}]}}");
        }
        return Of(header.Append('}').ToString(), end);
    }
}
