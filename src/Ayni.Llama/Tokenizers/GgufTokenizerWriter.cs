namespace Ayni.Llama;

/// <summary>Writes a tokenizer as GGUF's <c>tokenizer.ggml.*</c> keys.</summary>
internal static class GgufTokenizerWriter
{
    /// <summary>
    /// The pairs. Throws <see cref="ModelFormatException"/> naming the place in the tokenizer's file where GGUF can't say what is there.
    /// </summary>
    /// <param name="path">The tokenizer's file, for errors.</param>
    /// <param name="description">The tokenizer.</param>
    /// <param name="rows">The rows of the embeddings: that many tokens GGUF has to have. What the tokenizer lacks is padded.</param>
    /// <param name="ends">Ids at which a generation ends beside those that the tokenizer knows.</param>
    public static IReadOnlyList<(string Key, object Value)> Write(string path, TokenizerDescription description, int rows, IReadOnlyList<int> ends)
    {
        var tokenizer = description.Tokenizer;
        var padding = Enumerable.Range(description.Tokens.Length, Math.Max(0, rows - description.Tokens.Length)).ToArray();
        var pairs = new List<(string Key, object Value)>
        {
            ("tokenizer.ggml.model", description.IsBytePair ? "gpt2" : "llama"),
            ("tokenizer.ggml.pre", tokenizer is BytePairTokenizer byteLevel ? PreOf(path, byteLevel) : "default"),
            ("tokenizer.ggml.tokens", (string[])[.. description.Tokens, .. padding.Select(PaddingName)]),
            ("tokenizer.ggml.token_type", (int[])[.. description.Types.Select(type => (int)type), .. padding.Select(_ => (int)TokenType.Unused)]),
        };
        if (description.IsBytePair)
            pairs.Add(("tokenizer.ggml.merges", (string[])[.. description.Merges.SelectMany(group => group).Select(Merge)]));
        else
            AddPieces(path, description, padding.Length, pairs);
        if (tokenizer.BeginOfText is { } begin)
            pairs.Add(("tokenizer.ggml.bos_token_id", (uint)begin));
        AddEnds(path, tokenizer, ends, pairs);
        pairs.Add(("tokenizer.ggml.add_bos_token", tokenizer.AddsBeginOfText));
        CheckSame(path, description, pairs);
        return pairs;

        string Merge((int Left, int Right, int Merged) merge) => $"{description.Tokens[merge.Left]} {description.Tokens[merge.Right]}";
    }

    /// <summary>What a token is called that stands for nothing but a row of the embeddings, as llama.cpp's converter calls it.</summary>
    public static string PaddingName(int id) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"[PAD{id}]");

    private static void AddPieces(string path, TokenizerDescription description, int padding, List<(string, object)> pairs)
    {
        var format = ((SentencePieceTokenizer)description.Tokenizer).Format;
        if (!format.FallsBackToBytes)
            throw new ModelFormatException(path, -1, "byte_fallback", "a vocabulary that writes unknown characters as one token can't be said in GGUF");
        var scores = description.Scores;
        pairs.Add(("tokenizer.ggml.scores", (float[])[.. scores, .. Enumerable.Repeat(scores.Min() - 1, padding)]));
        if (format.UnknownId is { } unknown)
            pairs.Add(("tokenizer.ggml.unknown_token_id", (uint)unknown));
        pairs.Add(("tokenizer.ggml.add_space_prefix", format.AddsDummySpace));
        if (format.RemovesExtraSpaces)
            pairs.Add(("tokenizer.ggml.remove_extra_whitespaces", true));
    }

    /// <summary>GGUF has three keys for ids that end a generation; tokens known by their text need none.</summary>
    private static void AddEnds(string path, Tokenizer tokenizer, IReadOnlyList<int> ends, List<(string, object)> pairs)
    {
        int[] more = [.. ends.Where(id => !tokenizer.EndOfGeneration.Contains(id)).Distinct()];
        var end = tokenizer.EndOfText ?? more.Cast<int?>().FirstOrDefault();
        var keys = new Queue<string>(["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"]);
        foreach (var id in more.Cast<int?>().Prepend(end).OfType<int>().Distinct())
        {
            if (!keys.TryDequeue(out var key))
                throw new ModelFormatException(path, -1, "eos_token_id", $"generations end at {more.Length + 1} ids, and GGUF has keys for 3");
            pairs.Add((key, (uint)id));
        }
    }

    /// <summary>llama.cpp's name for how text is cut into words.</summary>
    private static string PreOf(string path, BytePairTokenizer tokenizer)
    {
        var pattern = tokenizer.Pattern;
        return tokenizer.TakesWholeWords switch
        {
            true when pattern == SplitPattern.Llama3 => "llama-bpe",
            true when pattern == SplitPattern.Llama4 => "llama4",
            false when pattern == SplitPattern.Llama3 => "smaug-bpe",
            false when pattern == SplitPattern.Llama4 => "gpt-4o",
            false when pattern == SplitPattern.Gpt2 => "gpt-2",
            false when pattern == SplitPattern.Gpt2SingleDigits => "smollm",
            _ => throw new ModelFormatException(
                path, -1, "ignore_merges", "GPT-2's split of words together with words that need no merges has no name in GGUF"),
        };
    }

    /// <summary>Reads the keys as the file will be read.</summary>
    private static void CheckSame(string path, TokenizerDescription description, List<(string Key, object Value)> pairs)
    {
        var tokens = description.Tokens.Length;
        // Padding is no difference.
        var metadata = new GgufMetadata(path, pairs.Select(pair => (pair.Key, pair.Key switch
        {
            "tokenizer.ggml.tokens" => ((string[])pair.Value)[..tokens],
            "tokenizer.ggml.token_type" => ((int[])pair.Value)[..tokens],
            "tokenizer.ggml.scores" => ((float[])pair.Value)[..tokens],
            _ => pair.Value,
        }, -1L)));
        if (description.FindDifference(TokenizerDescription.Read(metadata)) is { } difference)
            throw new ModelFormatException(path, -1, "tokenizer", $"in GGUF it would give other ids; what differs is {difference}");
    }
}
