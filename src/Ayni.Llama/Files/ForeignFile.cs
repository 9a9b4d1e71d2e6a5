using System.Buffers.Binary;

namespace Ayni.Llama;

/// <summary>Recognizes what somebody gave instead of a GGUF file.</summary>
internal static class ForeignFile
{
    /// <summary>Says what a file that doesn't start with GGUF's magic looks like, and what to do.</summary>
    /// <param name="head">The file's first bytes; some hundred are enough.</param>
    public static string Describe(ReadOnlySpan<byte> head)
    {
        const string Expected = "not a GGUF file";
        if (head.Length < 4)
            return $"{Expected}: it has only {head.Length} bytes";
        if (head.StartsWith("PK\u0003\u0004"u8))
            return $"{Expected} but a zip archive, probably a PyTorch checkpoint; of Meta's downloads (consolidated.00.pth) give the folder";
        if (head[0] == 0x80 && head[1] is >= 2 and <= 5)
            return $"{Expected} but a Python pickle, probably an old PyTorch checkpoint; convert it to GGUF";
        if (head.StartsWith("FUGG"u8))
            return $"{Expected} in this byte order but a big-endian one; Ayni reads little-endian files";
        if (head.StartsWith("lmgg"u8) || head.StartsWith("fmgg"u8) || head.StartsWith("tjgg"u8) || head.StartsWith("algg"u8))
            return $"{Expected} but its predecessor, GGML of 2023; convert the original model again with a current converter";
        if (IsSafetensors(head))
            return $"{Expected} but a safetensors file; give the folder it lies in, with its config.json";
        if (head[0] == 0x1F && head[1] == 0x8B)
            return $"{Expected} but gzip-compressed; unpack it first";
        if (head.StartsWith("version https://git-lfs"u8))
            return $"{Expected} but a Git LFS pointer to one; fetch the file itself with git lfs pull";
        return DescribeText(head) is { } text
            ? $"{Expected} but {text}"
            : $"{Expected}: it starts with {Convert.ToHexString(head[..4])} instead of 47475546";
    }

    // Safetensors: the length of a JSON object as eight bytes, then the object.
    private static bool IsSafetensors(ReadOnlySpan<byte> head) =>
        head.Length > 8 && BinaryPrimitives.ReadUInt64LittleEndian(head) is > 1 and < 1 << 30 && head[8] == (byte)'{';

    private static string? DescribeText(ReadOnlySpan<byte> head)
    {
        var start = head[..Math.Min(head.Length, 256)];
        // A text has neither zero bytes nor other control characters than tabs, line ends and form feeds.
        foreach (var value in start)
        {
            if (value is < 0x20 and not (9 or 10 or 12 or 13))
                return null;
        }
        var text = start.TrimStart("\uFEFF \t\r\n"u8);
        if (text.StartsWith("<"u8))
            return "a web page or XML file; was the download answered by an error or login page?";
        return text.StartsWith("{"u8) ? "a JSON file; was the download answered by an error message?" : "a text file";
    }
}
