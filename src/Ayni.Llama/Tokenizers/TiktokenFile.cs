using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Ayni.Llama;

/// <summary>
/// A vocabulary in tiktoken's form, as Meta ships Llama 3 and 4: one line for each token, its bytes in base64 and its rank. The special
/// tokens are not in the file; they follow the last rank by the rules of Meta's code.
/// </summary>
internal static class TiktokenFile
{
    /// <summary>How many ranks Llama 4's vocabulary has; any other number is read as Llama 3's.</summary>
    private const int Llama4Ranks = 200_000;

    private static readonly SearchValues<byte> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>Whether a file's first line looks like a token and its rank.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> content)
    {
        var end = content.IndexOfAnyExcept(Base64Characters);
        return end > 0 && content[end] == ' ' && end + 1 < content.Length && content[end + 1] is >= (byte)'0' and <= (byte)'9';
    }

    /// <summary>Reads the ranks and adds the special tokens.</summary>
    public static BytePairTokenizer Parse(string path, byte[] content)
    {
        var builder = new VocabularyBuilder();
        ReadRanks(path, content, builder);
        return builder.Count == Llama4Ranks
            ? Create(path, builder, Llama4Specials(), SplitPattern.Llama4)
            : Create(path, builder, Llama3Specials(), SplitPattern.Llama3);
    }

    /// <summary>The tokenizer of some ranks.</summary>
    /// <param name="path">Where they are from, for errors.</param>
    /// <param name="builder">The ordinary tokens, in the order of their ranks; the special ones are added.</param>
    /// <param name="specials">The special tokens.</param>
    /// <param name="pattern">How text is cut into words.</param>
    public static BytePairTokenizer Create(string path, VocabularyBuilder builder, IEnumerable<string> specials, SplitPattern pattern)
    {
        var ranks = builder.Count;
        foreach (var text in specials)
            builder.Add(text, TokenType.Control);
        var vocabulary = builder.Build();

        for (var b = 0; b < 256; b++)
        {
            if (vocabulary.Find([(byte)b]) < 0)
                throw new ModelFormatException(path, -1, "tokens", $"no token stands for the single byte 0x{b:X2}; every byte needs one");
        }
        var pairs = new PairTable(ranks * 2);
        for (var id = 0; id < ranks; id++)
        {
            if (vocabulary.Find(vocabulary.BytesOf(id)) != id)
                throw new ModelFormatException(path, -1, $"rank {id}", "a later rank has the same bytes");
            TokenizerFile.AddSplits(pairs, vocabulary.BytesOf(id), id, rank: id, SymbolOf);
        }

        var endOfText = vocabulary.Special.Find("<|end_of_text|>");
        return new BytePairTokenizer(vocabulary, pairs, pattern, takesWholeWords: true)
        {
            BeginOfText = vocabulary.Special.Find("<|begin_of_text|>"),
            EndOfText = endOfText,
            AddsBeginOfText = true,
            EndOfGeneration = Tokenizer.EndsOfGeneration(vocabulary, endOfText),
        };

        int? SymbolOf(ReadOnlySpan<byte> bytes) => vocabulary.Find(bytes) is >= 0 and var id ? id : null;
    }

    private static void ReadRanks(string path, ReadOnlySpan<byte> content, VocabularyBuilder builder)
    {
        Span<byte> token = stackalloc byte[TokenizerFile.MaxMergedBytes];
        var (offset, line) = (0, 0);
        while (offset < content.Length)
        {
            line++;
            var length = content[offset..].IndexOf((byte)'\n');
            if (length < 0)
                length = content.Length - offset;
            var text = content.Slice(offset, length).TrimEnd((byte)'\r');
            if (!text.IsEmpty)
            {
                if (ReadLine(text, token, builder.Count, out var tokenLength) is { } problem)
                    throw new ModelFormatException(path, offset, $"line {line}", problem);
                if (builder.Count == TokenizerFile.MaxTokens)
                    throw new ModelFormatException(path, offset, $"line {line}", $"there are more than {TokenizerFile.MaxTokens} tokens");
                builder.Add(token[..tokenLength], TokenType.Normal);
            }
            offset += length + 1;
        }
    }

    /// <summary>Reads one line; returns what is wrong with it, or null.</summary>
    private static string? ReadLine(ReadOnlySpan<byte> line, Span<byte> token, int expectedRank, out int tokenLength)
    {
        tokenLength = 0;
        var space = line.IndexOf((byte)' ');
        if (space <= 0)
            return "expected a token in base64, a space and a rank";
        if (DecodeBase64(line[..space], token, out tokenLength) is { } problem)
            return problem;
        if (!Utf8Parser.TryParse(line[(space + 1)..], out int rank, out var digits) || digits != line.Length - space - 1)
            return "the rank is not a whole number";
        return rank == expectedRank ? null : $"expected rank {expectedRank}, found {rank}; ranks go up by one from 0";
    }

    private static string? DecodeBase64(ReadOnlySpan<byte> text, Span<byte> token, out int length)
    {
        switch (Base64.DecodeFromUtf8(text, token, out _, out length))
        {
            case OperationStatus.Done:
                return length > 0 ? null : "the token is empty";
            case OperationStatus.DestinationTooSmall:
                return $"the token has more than {TokenizerFile.MaxMergedBytes} bytes";
            default:
                return "the token is not valid base64";
        }
    }

    /// <summary>The special tokens of Llama 3, which follow its 128,000 ranks.</summary>
    public static IEnumerable<string> Llama3Specials() =>
    [
        "<|begin_of_text|>", "<|end_of_text|>", .. Reserved("", 0, 2), "<|finetune_right_pad_id|>", "<|step_id|>",
        "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>", .. Reserved("", 2, 244),
    ];

    /// <summary>The special tokens of Llama 4, which follow its 200,000 ranks.</summary>
    public static IEnumerable<string> Llama4Specials() =>
    [
        "<|begin_of_text|>", "<|end_of_text|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
        "<|header_start|>", "<|header_end|>", "<|eom|>", "<|eot|>", "<|step|>",
        .. Reserved("text_post_train_", 0, 6), "<|python_start|>", "<|python_end|>", "<|finetune_right_pad|>",
        .. Reserved("text_post_train_", 8, 61), "<|image_start|>", "<|image_end|>",
        .. Reserved("vision_", 0, 2), "<|tile_x_separator|>", "<|tile_y_separator|>",
        .. Reserved("vision_", 2, 4), "<|image|>", .. Reserved("vision_", 6, 1), "<|patch|>", .. Reserved("vision_", 7, 1041),
        .. Reserved("reasoning_", 0, 8), "<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>", .. Reserved("", 0, 904),
    ];

    private static IEnumerable<string> Reserved(string kind, int first, int count) =>
        Enumerable.Range(first, count)
            .Select(number => $"<|{kind}reserved_special_token_{number.ToString(CultureInfo.InvariantCulture)}|>");
}
