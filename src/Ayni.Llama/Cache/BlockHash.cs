using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Ayni.Llama;

/// <summary>
/// What a full cache block holds: the hash of its tokens, of all tokens before them and of whose they are. Half a SHA-256, so that nobody
/// can make another's block pass for their own.
/// </summary>
internal readonly record struct BlockHash(UInt128 Value)
{
    /// <summary>The hash before a text's first block.</summary>
    /// <param name="share">Blocks are found only by requests with the same text here.</param>
    public static BlockHash Start(string share)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(share), hash);
        return Take(hash);
    }

    /// <summary>The hash of the block with these tokens after the block with this hash.</summary>
    public BlockHash Next(ReadOnlySpan<int> tokens)
    {
        Span<byte> input = stackalloc byte[16 + KeyValueCache.BlockTokens * sizeof(int)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(input, Value);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[16..]);
        SHA256.HashData(input, hash);
        return Take(hash);
    }

    private static BlockHash Take(ReadOnlySpan<byte> hash) => new(BinaryPrimitives.ReadUInt128LittleEndian(hash));
}
