namespace Ayni.Llama;

/// <summary>Reads bare tokenizer files, and builds what the kinds have in common.</summary>
internal static class TokenizerFile
{
    /// <summary>The largest file read. Real ones have up to 30 MB (Llama 4's <c>tokenizer.json</c>).</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>The most tokens of one vocabulary. Real ones have up to 260,000.</summary>
    public const int MaxTokens = 1 << 20;

    /// <summary>The longest token that may take part in merges, in bytes. Real ones have up to 128.</summary>
    public const int MaxMergedBytes = 256;

    /// <summary>The file's bytes; refuses one that is too large for what it claims to be.</summary>
    public static byte[] ReadAll(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > MaxBytes)
        {
            throw new ModelFormatException(path, -1, "length",
                $"{file.Length} bytes are too many for a bare tokenizer file (at most {MaxBytes}); a whole model is opened as a model");
        }
        var content = new byte[file.Length];
        file.ReadExactly(content);
        if (content.AsSpan().StartsWith("GGUF"u8))
            throw new ModelFormatException(path, 0, "magic", "this is a GGUF file, which is opened as a model");
        return content;
    }

    /// <summary>
    /// Adds a rule for each way to cut a token in two symbols: a token merges from any two halves that can exist. This is what a vocabulary
    /// that states an order of its tokens, but no merges, means by it.
    /// </summary>
    /// <param name="pairs">Receives the rules.</param>
    /// <param name="token">The bytes of the token.</param>
    /// <param name="id">Its id.</param>
    /// <param name="rank">When it merges.</param>
    /// <param name="symbolOf">The symbol some bytes stand for, or null where they can't be one.</param>
    public static void AddSplits(PairTable pairs, ReadOnlySpan<byte> token, int id, int rank, Func<ReadOnlySpan<byte>, int?> symbolOf)
    {
        for (var cut = 1; cut < token.Length; cut++)
        {
            if (symbolOf(token[..cut]) is { } left && symbolOf(token[cut..]) is { } right)
                pairs.Add(left, right, rank, id);
        }
    }
}
