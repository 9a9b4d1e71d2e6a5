using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Ayni.EndToEnd.Tests;

/// <summary>Reads what NumPy's format 1.0 says, for float32 matrices.</summary>
internal sealed record Numpy(string Header, float[] Values)
{
    public static Numpy Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], bytes[..8]);
        var start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        Assert.Equal(0, start % 64);
        Assert.Equal((byte)'\n', bytes[start - 1]);
        return new(Encoding.ASCII.GetString(bytes[10..start]).TrimEnd(), MemoryMarshal.Cast<byte, float>(bytes.AsSpan(start)).ToArray());
    }
}
