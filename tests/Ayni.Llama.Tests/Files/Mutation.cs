using System.Buffers.Binary;

namespace Ayni.Llama.Tests;

/// <summary>Damages the bytes of a valid file, as a bad disk or a bad person would.</summary>
internal static class Mutation
{
    // Numbers at which counts, lengths and offsets go wrong.
    private static readonly ulong[] Edges =
    [
        0, 1, 2, 7, 8, 9, 13, 31, 32, 33, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
        0x1FFFFFFFFFFFFFFF, 0x2000000000000001, 0x3FFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFE0, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
        0xFFFFFFFFFFFFFFE0, 0xFFFFFFFFFFFFFFFF,
    ];

    /// <summary>A copy with one to three wounds.</summary>
    public static byte[] Damage(byte[] valid, Random random)
    {
        var bytes = valid.ToArray();
        for (var wounds = random.Next(1, 4); wounds > 0 && bytes.Length > 0; wounds--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2 when at + 4 <= bytes.Length:
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)Edges[random.Next(Edges.Length)]);
                    break;
                case 3 when at + 8 <= bytes.Length:
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Edges[random.Next(Edges.Length)]);
                    break;
                case 4: // Cut off.
                    bytes = bytes[..at];
                    break;
                case 5: // Go on with noise.
                    var more = new byte[random.Next(1, 200)];
                    random.NextBytes(more);
                    bytes = [.. bytes, .. more];
                    break;
                case 6: // Leave out or repeat a piece.
                    var length = random.Next(1, Math.Min(40, bytes.Length - at) + 1);
                    bytes = random.Next(2) == 0 ? [.. bytes[..at], .. bytes[(at + length)..]] : [.. bytes[..(at + length)], .. bytes[at..]];
                    break;
                default: // Damage where the header is, the most sensitive part.
                    bytes[random.Next(Math.Min(24, bytes.Length))] = (byte)random.Next(256);
                    break;
            }
        }
        return bytes;
    }
}
