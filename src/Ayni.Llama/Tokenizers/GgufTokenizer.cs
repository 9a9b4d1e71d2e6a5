namespace Ayni.Llama;

/// <summary>Reads the tokenizer a GGUF file describes in its <c>tokenizer.ggml.*</c> keys.</summary>
internal static class GgufTokenizer
{
    private const string ModelKey = "tokenizer.ggml.model";
    private const string PreKey = "tokenizer.ggml.pre";
    private const string TokensKey = "tokenizer.ggml.tokens";
    private const string ScoresKey = "tokenizer.ggml.scores";
    private const string TypesKey = "tokenizer.ggml.token_type";
    private const string MergesKey = "tokenizer.ggml.merges";
    private const string BeginKey = "tokenizer.ggml.bos_token_id";
    private const string EndKey = "tokenizer.ggml.eos_token_id";
    private const string UnknownKey = "tokenizer.ggml.unknown_token_id";

    /// <summary>What llama.cpp's converter writes for a model without a tokenizer, which takes and gives ids only.</summary>
    public const string NoTokenizer = "none";

    /// <summary>Two tokens side by side are looked up in a buffer of this many characters.</summary>
    private const int MaxMergeLength = 2048;

    /// <summary>Whether the file has a tokenizer; false only where it says that it has none.</summary>
    public static bool IsIn(GgufMetadata metadata) => metadata.FindString(ModelKey) is not (NoTokenizer or "no_vocab");

    /// <summary>How many tokens the file lists, or null where it lists none.</summary>
    public static int? CountIn(GgufMetadata metadata) => metadata.FindArray<string>(TokensKey)?.Length;

    public static Tokenizer Read(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata.FindString(ModelKey) switch
        {
            "llama" => ReadSentencePiece(metadata),
            "gpt2" => ReadBytePairs(metadata),
            null => throw metadata.Error(ModelKey, "the key is missing, so there is no tokenizer in this file"),
            var other => throw metadata.Error(ModelKey, $"the tokenizer \"{other}\" is not one of those Ayni reads (llama, gpt2)"),
        };
    }

    private static SentencePieceTokenizer ReadSentencePiece(GgufMetadata metadata)
    {
        var tokens = Tokens(metadata);
        var scores = metadata.FindArray<float>(ScoresKey) ?? throw metadata.Error(ScoresKey, "the key is missing");
        CheckCount(metadata, ScoresKey, scores.Length, tokens.Length);
        var types = Types(metadata, tokens);
        var pieces = tokens.Select((text, id) => new SentencePiece(text, scores[id], types[id])).ToArray();

        var begin = Id(metadata, BeginKey, types) ?? Default(1, TokenType.Control);
        var end = Id(metadata, EndKey, types) ?? Default(2, TokenType.Control);
        var format = new SentencePieceFormat
        {
            UnknownId = Id(metadata, UnknownKey, types) ?? Default(0, TokenType.Unknown),
            AddsDummySpace = metadata.FindBoolean("tokenizer.ggml.add_space_prefix") ?? true,
            RemovesExtraSpaces = metadata.FindBoolean("tokenizer.ggml.remove_extra_whitespaces") ?? false,
        };
        var vocabulary = SentencePieceTokenizer.VocabularyOf(pieces, Fail);
        return new SentencePieceTokenizer(vocabulary, pieces, format, Fail)
        {
            BeginOfText = begin,
            EndOfText = end,
            AddsBeginOfText = begin is not null && (metadata.FindBoolean("tokenizer.ggml.add_bos_token") ?? true),
            EndOfGeneration = EndsOfGeneration(metadata, vocabulary, types, end),
        };

        int? Default(int id, TokenType type) => id < types.Length && types[id] == type ? id : null;
        ModelFormatException Fail(int id, string problem) => metadata.Error(TokensKey, $"token {id}: {problem}");
    }

    private static BytePairTokenizer ReadBytePairs(GgufMetadata metadata)
    {
        var tokens = Tokens(metadata);
        var types = Types(metadata, tokens);
        var builder = new VocabularyBuilder();
        Span<byte> bytes = new byte[tokens.Max(token => token.Length)];
        for (var id = 0; id < tokens.Length; id++)
        {
            // Added tokens are written as they are; so, in some conversions, are ordinary ones outside the alphabet.
            var length = types[id] is TokenType.Normal or TokenType.Unused ? ByteAlphabet.Decode(tokens[id], bytes) : -1;
            if (length >= 0)
                builder.Add(bytes[..length], types[id]);
            else
                builder.Add(tokens[id], types[id]);
        }
        var vocabulary = builder.Build();
        var pairs = Merges(metadata, tokens, types);
        var (pattern, takesWholeWords, addsBegin) = PreTokenizer(metadata, vocabulary);
        var begin = Id(metadata, BeginKey, types);
        var end = Id(metadata, EndKey, types);
        return new BytePairTokenizer(vocabulary, pairs, pattern, takesWholeWords)
        {
            BeginOfText = begin,
            EndOfText = end,
            AddsBeginOfText = begin is not null && (metadata.FindBoolean("tokenizer.ggml.add_bos_token") ?? addsBegin),
            EndOfGeneration = EndsOfGeneration(metadata, vocabulary, types, end),
        };
    }

    /// <summary>
    /// How text is cut before merging, by llama.cpp's names for it. Files from before it had a name say nothing or "default"; among Llamas
    /// they can only be the first Llama 3 conversions, which their special tokens tell.
    /// </summary>
    private static (SplitPattern Pattern, bool TakesWholeWords, bool AddsBegin) PreTokenizer(GgufMetadata metadata, Vocabulary vocabulary)
    {
        switch (metadata.FindString(PreKey))
        {
            case "llama-bpe" or "llama3" or "llama-v3" or "falcon3":
            case null or "default" when vocabulary.Special.Find("<|begin_of_text|>") is not null:
                return (SplitPattern.Llama3, true, true);
            case "llama4":
                return (SplitPattern.Llama4, true, true);
            case "smaug-bpe":
                return (SplitPattern.Llama3, false, false);
            case "gpt-4o":
                return (SplitPattern.Llama4, false, false);
            case "gpt-2":
                return (SplitPattern.Gpt2, false, false);
            case "smollm":
                return (SplitPattern.Gpt2SingleDigits, false, false);
            case null:
                throw metadata.Error(PreKey, "the key is missing, and the tokens don't tell how text is split; convert the model again");
            case var other:
                throw metadata.Error(PreKey, $"the text splitting \"{other}\" is not one of those Ayni knows "
                    + "(llama-bpe, llama3, llama4, smaug-bpe, falcon3, smollm, gpt-2, gpt-4o)");
        }
    }

    private static PairTable Merges(GgufMetadata metadata, string[] tokens, TokenType[] types)
    {
        var merges = metadata.FindArray<string>(MergesKey) ?? throw metadata.Error(MergesKey, "the key is missing");
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
            ids[tokens[id]] = id;
        var idOf = ids.GetAlternateLookup<ReadOnlySpan<char>>();

        var pairs = new PairTable(merges.Length);
        Span<char> buffer = stackalloc char[MaxMergeLength];
        for (var rank = 0; rank < merges.Length; rank++)
        {
            var merge = merges[rank].AsSpan();
            var space = merge.Length < 3 ? -1 : merge[1..^1].IndexOf(' ') + 1;
            if (space <= 0 || merge.Length > MaxMergeLength)
                throw metadata.Error(MergesKey, $"merge {rank} is not two tokens with a space between them");
            merge[..space].CopyTo(buffer);
            merge[(space + 1)..].CopyTo(buffer[space..]);
            if (!idOf.TryGetValue(merge[..space], out var left)
                || !idOf.TryGetValue(merge[(space + 1)..], out var right)
                || !idOf.TryGetValue(buffer[..(merge.Length - 1)], out var merged))
            {
                throw metadata.Error(MergesKey, $"merge {rank} speaks of something that is not a token");
            }
            // Plain text must never give a control token, whatever the file says.
            if (types[merged] is not (TokenType.Control or TokenType.Unknown))
                pairs.Add(left, right, rank, merged);
        }
        return pairs;
    }

    private static string[] Tokens(GgufMetadata metadata)
    {
        var tokens = metadata.FindArray<string>(TokensKey) ?? throw metadata.Error(TokensKey, "the key is missing");
        if (tokens.Length is 0 or > TokenizerFile.MaxTokens)
            throw metadata.Error(TokensKey, $"a vocabulary has 1 to {TokenizerFile.MaxTokens} tokens, not {tokens.Length}");
        return tokens;
    }

    /// <summary>
    /// The type of each token; where a file doesn't say, bytes, the unknown token and those it opens and ends texts with are known.
    /// </summary>
    private static TokenType[] Types(GgufMetadata metadata, string[] tokens)
    {
        if (metadata.FindArray<int>(TypesKey) is { } numbers)
        {
            CheckCount(metadata, TypesKey, numbers.Length, tokens.Length);
            return [.. numbers.Select((number, id) => number switch
            {
                0 => TokenType.Normal,
                >= (int)TokenType.Normal and <= (int)TokenType.Byte => (TokenType)number,
                _ => throw metadata.Error(TypesKey, $"token {id} has the unknown type {number}"),
            })];
        }
        var types = new TokenType[tokens.Length];
        for (var id = 0; id < types.Length; id++)
            types[id] = SentencePieceTokenizer.ByteOf(tokens[id]) is null ? TokenType.Normal : TokenType.Byte;
        foreach (var key in (string[])[BeginKey, EndKey])
        {
            if (Id(metadata, key, types) is { } id)
                types[id] = TokenType.Control;
        }
        if (Id(metadata, UnknownKey, types) is { } unknown)
            types[unknown] = TokenType.Unknown;
        return types;
    }

    private static System.Collections.Frozen.FrozenSet<int> EndsOfGeneration(
        GgufMetadata metadata, Vocabulary vocabulary, TokenType[] types, int? end) =>
        Tokenizer.EndsOfGeneration(
            vocabulary, end, Id(metadata, "tokenizer.ggml.eot_token_id", types), Id(metadata, "tokenizer.ggml.eom_token_id", types));

    private static int? Id(GgufMetadata metadata, string key, TokenType[] types) => metadata.FindInteger(key) switch
    {
        null => null,
        >= 0 and var id when id < types.Length => (int)id,
        var id => throw metadata.Error(key, $"there is no token {id}; the vocabulary has {types.Length}"),
    };

    private static void CheckCount(GgufMetadata metadata, string key, int count, int expected)
    {
        if (count != expected)
            throw metadata.Error(key, $"{count} values for {expected} tokens");
    }
}
