using System.Text;

namespace Ayni.Llama.Tests;

/// <summary>Vocabularies made by hand, in each of the forms Ayni reads.</summary>
internal static class SmallVocabularies
{
    /// <summary>Byte-level tokens beyond the 256 single bytes, in the order of their ranks.</summary>
    private static readonly string[] Words =
        ["he", "ll", "hell", "hello", " w", "or", " wor", "ld", " world", "é", "😀", "\n\n", "  ", "12", "123"];

    /// <summary>SentencePiece pieces beyond the special and byte ones; each later one has a lower score.</summary>
    private static readonly string[] Pieces =
    [
        "▁▁", "he", "ll", "▁w", "or", "hell", "hello", "▁hello", "▁wor", "ld", "▁world",
        "▁", "h", "e", "l", "o", "w", "r", "d", ".", "é", "日",
    ];

    /// <summary>The lines of a tiktoken file.</summary>
    public static byte[] Tiktoken()
    {
        var tokens = Enumerable.Range(0, 256).Select(b => new[] { (byte)b }).Concat(Words.Select(Encoding.UTF8.GetBytes));
        var lines = tokens.Select((token, rank) => FormattableString.Invariant($"{Convert.ToBase64String(token)} {rank}\n"));
        return Encoding.ASCII.GetBytes(string.Concat(lines));
    }

    /// <summary>The same as keys of a GGUF file, with the special tokens of Llama 3 that matter.</summary>
    public static GgufMetadata BytePairGguf(params (string Key, object? Value)[] changes)
    {
        List<string> tokens =
            [.. Enumerable.Range(0, 256).Select(b => Written([(byte)b])), .. Words.Select(word => Written(Encoding.UTF8.GetBytes(word)))];
        var merges = new List<string>();
        foreach (var word in tokens[256..])
        {
            merges.AddRange(Enumerable.Range(1, word.Length - 1)
                .Where(cut => tokens.Contains(word[..cut]) && tokens.Contains(word[cut..]))
                .Select(cut => $"{word[..cut]} {word[cut..]}"));
        }
        var ordinary = tokens.Count;
        tokens.AddRange(["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<think>"]);
        return Gguf(
        [
            ("tokenizer.ggml.model", "gpt2"),
            ("tokenizer.ggml.pre", "llama-bpe"),
            ("tokenizer.ggml.tokens", tokens.ToArray()),
            ("tokenizer.ggml.token_type", tokens.Select((_, id) => id < ordinary ? 1 : id < tokens.Count - 1 ? 3 : 4).ToArray()),
            ("tokenizer.ggml.merges", merges.ToArray()),
            ("tokenizer.ggml.bos_token_id", (uint)ordinary),
            ("tokenizer.ggml.eos_token_id", (uint)ordinary + 1),
        ], changes);
    }

    /// <summary>The SentencePiece pieces as keys of a GGUF file.</summary>
    public static GgufMetadata SentencePieceGguf(params (string Key, object? Value)[] changes)
    {
        var pieces = SentencePieces();
        return Gguf(
        [
            ("tokenizer.ggml.model", "llama"),
            ("tokenizer.ggml.tokens", pieces.Select(piece => piece.Text).ToArray()),
            ("tokenizer.ggml.scores", pieces.Select(piece => piece.Score).ToArray()),
            ("tokenizer.ggml.token_type", pieces.Select(piece => (int)piece.Type).ToArray()),
            ("tokenizer.ggml.bos_token_id", 1u),
            ("tokenizer.ggml.eos_token_id", 2u),
            ("tokenizer.ggml.unknown_token_id", 0u),
        ], changes);
    }

    /// <summary>Unknown, BOS, EOS, the bytes, the pieces and one user-defined piece.</summary>
    public static List<SentencePiece> SentencePieces() =>
    [
        new("<unk>", 0, TokenType.Unknown), new("<s>", 0, TokenType.Control), new("</s>", 0, TokenType.Control),
        .. Enumerable.Range(0, 256).Select(b => new SentencePiece(FormattableString.Invariant($"<0x{b:X2}>"), 0, TokenType.Byte)),
        .. Pieces.Select((text, i) => new SentencePiece(text, -i, TokenType.Normal)),
        new("[tool]", 0, TokenType.UserDefined),
    ];

    /// <summary>Pieces as a SentencePiece model file; the two specs are the bytes of their messages.</summary>
    public static byte[] SentencePieceFile(IEnumerable<SentencePiece> pieces, byte[]? trainer = null, byte[]? normalizer = null)
    {
        var file = new List<byte>();
        foreach (var (text, score, type) in pieces)
        {
            var message = new List<byte>();
            AddBytes(message, 1, Encoding.UTF8.GetBytes(text));
            message.AddRange([(2 << 3) | 5, .. BitConverter.GetBytes(score), 3 << 3, (byte)type]);
            AddBytes(file, 1, [.. message]);
        }
        AddBytes(file, 2, trainer ?? [3 << 3, 2, 0x98, 2, 1]); // model_type BPE, byte_fallback (field 35)
        AddBytes(file, 3, normalizer ?? [3 << 3, 1, 4 << 3, 0]); // add_dummy_prefix, not remove_extra_whitespaces
        return [.. file];
    }

    /// <summary>Writes content to a file that <see cref="Tokenizer.Open"/> reads.</summary>
    public static Tokenizer Open(byte[] content)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, content);
            return Tokenizer.Open(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Keys and values, some of them changed, added or (null) taken away.</summary>
    public static GgufMetadata Gguf((string Key, object Value)[] entries, (string Key, object? Value)[] changes) => new("small.gguf",
    [
        .. entries.Where(entry => changes.All(change => change.Key != entry.Key)).Select((entry, i) => (entry.Key, entry.Value, (long)i)),
        .. changes.Where(change => change.Value is not null).Select((change, i) => (change.Key, change.Value!, 1000L + i)),
    ]);

    private static string Written(byte[] bytes) => string.Concat(bytes.Select(ByteAlphabet.CharacterOf));

    private static void AddBytes(List<byte> message, int field, byte[] bytes)
    {
        message.Add((byte)(field << 3 | 2));
        var length = bytes.Length;
        for (; length >= 0x80; length >>= 7)
            message.Add((byte)(length | 0x80));
        message.Add((byte)length);
        message.AddRange(bytes);
    }
}
