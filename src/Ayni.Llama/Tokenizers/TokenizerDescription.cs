using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Everything a tokenizer's file says, in a form that each kind of file can be written from: the tokens as GGUF spells them, their types,
/// and either the scores of pieces or the merges of byte-level tokens.
/// </summary>
internal sealed class TokenizerDescription
{
    private const char SpaceMark = '\u2581';

    private readonly Lazy<(int Left, int Right, int Merged)[][]> _merges;
    private readonly float[]? _scores;

    private TokenizerDescription(Tokenizer tokenizer, float[]? scores)
    {
        Tokenizer = tokenizer;
        _scores = scores;
        _merges = new(() => IsBytePair ? MergesInOrder(PairsOf(tokenizer)) : [.. JoinRuns(MergesInOrder(PairsOf(tokenizer)))]);
        var vocabulary = tokenizer.Vocabulary;
        Types = [.. Enumerable.Range(0, vocabulary.Count).Select(vocabulary.TypeOf)];
        Tokens = [.. Enumerable.Range(0, vocabulary.Count).Select(id => Spell(vocabulary.BytesOf(id), Types[id], IsBytePair))];
    }

    /// <summary>The tokenizer itself.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>
    /// The tokens: pieces with U+2581 for a space, or bytes in <see cref="ByteAlphabet"/>'s characters; special tokens as they are.
    /// </summary>
    public string[] Tokens { get; }

    /// <summary>The tokens' types.</summary>
    public TokenType[] Types { get; }

    /// <summary>Whether the tokens are byte-level ones; else they are SentencePiece's.</summary>
    public bool IsBytePair => Tokenizer is BytePairTokenizer;

    /// <summary>
    /// What merges into what, the soonest first, in groups: one for all the ways to merge one token, whose order doesn't matter, or for
    /// tokens of the same score.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<(int Left, int Right, int Merged)>> Merges => _merges.Value;

    /// <summary>
    /// The scores of pieces, higher for what merges sooner: the file's, or else such that the order is that of the merges.
    /// </summary>
    public float[] Scores => _scores ?? ScoresByOrder();

    /// <summary>What a model's source says of its tokenizer; null where there is none.</summary>
    public static TokenizerDescription? Of(ModelSource source)
    {
        if (source is GgufSource)
            return source.ReadTokenizer() is { } tokenizer ? new(tokenizer, source.Metadata.FindArray<float>("tokenizer.ggml.scores")) : null;
        return FolderFiles.FindTokenizer(source.Path) is { } path ? Read(path) : null;
    }

    /// <summary>What a tokenizer is that no file has said yet.</summary>
    public static TokenizerDescription Of(Tokenizer tokenizer, float[]? scores) => new(tokenizer, scores);

    /// <summary>What a bare tokenizer file says.</summary>
    public static TokenizerDescription Read(string path)
    {
        var content = TokenizerFile.ReadAll(path);
        if (HuggingFaceTokenizer.Recognizes(content) || TiktokenFile.Recognizes(content))
            return new(Tokenizer.Open(path), null);
        var tokenizer = SentencePieceModel.Parse(path, content, out var pieces);
        return new(tokenizer, [.. pieces.Select(piece => piece.Score)]);
    }

    /// <summary>What the keys of a GGUF file say.</summary>
    public static TokenizerDescription Read(GgufMetadata metadata) =>
        new(Tokenizer.FromGguf(metadata), metadata.FindArray<float>("tokenizer.ggml.scores"));

    /// <summary>
    /// How another description gives other ids than this one, in words; null where it gives the same for every text. Reserved tokens, which
    /// stand for nothing, may have other names.
    /// </summary>
    public string? FindDifference(TokenizerDescription other)
    {
        if (IsBytePair != other.IsBytePair)
            return "the kind of tokenizer";
        if (Tokens.Length != other.Tokens.Length)
            return $"the number of tokens, {other.Tokens.Length} instead of {Tokens.Length}";
        for (var id = 0; id < Tokens.Length; id++)
        {
            if (Tokens[id] != other.Tokens[id] && !IsReserved(id) && !other.IsReserved(id))
                return $"token {id}, '{other.Tokens[id]}' instead of '{Tokens[id]}'";
            if (Ordinary(Types[id]) != Ordinary(other.Types[id]))
                return $"the type of token {id}, {other.Types[id]} instead of {Types[id]}";
        }
        if (Tokenizer.BeginOfText != other.Tokenizer.BeginOfText || Tokenizer.AddsBeginOfText != other.Tokenizer.AddsBeginOfText)
            return "the token that opens a text";
        return Split(Tokenizer) != Split(other.Tokenizer) ? "how text is split" : FindMergeDifference(other);
    }

    private string? FindMergeDifference(TokenizerDescription other)
    {
        for (var i = 0; i < Math.Max(Merges.Count, other.Merges.Count); i++)
        {
            if (i >= Merges.Count || i >= other.Merges.Count || !Merges[i].SequenceEqual(other.Merges[i]))
                return $"the merges, of which group {i} is the first that is another";
        }
        return null;
    }

    private static (SplitPattern?, bool, SentencePieceFormat?) Split(Tokenizer tokenizer) => tokenizer switch
    {
        BytePairTokenizer pairs => (pairs.Pattern, pairs.TakesWholeWords, null),
        _ => (null, false, ((SentencePieceTokenizer)tokenizer).Format),
    };

    private static PairTable PairsOf(Tokenizer tokenizer) =>
        tokenizer is BytePairTokenizer pairs ? pairs.Pairs : ((SentencePieceTokenizer)tokenizer).Pairs;

    private static TokenType Ordinary(TokenType type) => type == TokenType.Unused ? TokenType.Normal : type;

    private bool IsReserved(int id) =>
        Types[id] == TokenType.Control && Tokens[id].StartsWith("<|", StringComparison.Ordinal)
        && Tokens[id].Contains("reserved_special_token_", StringComparison.Ordinal);

    private static string Spell(ReadOnlySpan<byte> bytes, TokenType type, bool isBytePair)
    {
        if (type is TokenType.Control or TokenType.Unknown || (isBytePair && type is not (TokenType.Normal or TokenType.Unused)))
            return Encoding.UTF8.GetString(bytes);
        if (isBytePair)
            return string.Create(bytes.Length, bytes, (text, source) =>
            {
                for (var i = 0; i < text.Length; i++)
                    text[i] = ByteAlphabet.CharacterOf(source[i]);
            });
        return type == TokenType.Byte
            ? $"<0x{bytes[0]:X2}>"
            : Encoding.UTF8.GetString(bytes).Replace(' ', SpaceMark);
    }

    /// <summary>
    /// A group ends where both the rank and the merged token change: files that list merges give each a rank of its own, others the same
    /// one to all of a token.
    /// </summary>
    private static (int Left, int Right, int Merged)[][] MergesInOrder(PairTable pairs)
    {
        var groups = new List<(int, int, int)[]>();
        var group = new List<(int Left, int Right, int Merged)>();
        var (rank, merged) = (-1, -1);
        foreach (var rule in pairs.Rules.OrderBy(rule => rule.Rank).ThenBy(rule => rule.Merged))
        {
            if (rule.Rank != rank && rule.Merged != merged && group.Count > 0)
            {
                groups.Add([.. group.Order()]);
                group.Clear();
            }
            group.Add((rule.Left, rule.Right, rule.Merged));
            (rank, merged) = (rule.Rank, rule.Merged);
        }
        if (group.Count > 0)
            groups.Add([.. group.Order()]);
        return [.. groups];
    }

    private float[] ScoresByOrder()
    {
        var scores = new float[Tokens.Length];
        var merged = new HashSet<int>();
        foreach (var (rank, group) in Merges.Index())
        {
            foreach (var (_, _, token) in group.Where(merge => merged.Add(merge.Merged)))
                scores[token] = -rank;
        }
        // What nothing merges into comes last, as in Llama 2's own vocabulary; special tokens and bytes have no score.
        var next = Merges.Count;
        for (var id = 0; id < scores.Length; id++)
        {
            if (Ordinary(Types[id]) == TokenType.Normal && !merged.Contains(id))
                scores[id] = -next++;
        }
        return scores;
    }

    /// <summary>
    /// Joins neighbouring groups that make runs of one character and nothing else, such as the spaces of code in Llama 2's vocabulary.
    /// Pieces of one score merge from the left, and so a run grows by one character at a time; so it does where the merges of the longest
    /// left halves come first. The two are the same.
    /// </summary>
    private IEnumerable<(int Left, int Right, int Merged)[]> JoinRuns((int Left, int Right, int Merged)[][] groups)
    {
        for (var i = 0; i < groups.Length;)
        {
            var end = i + 1;
            while (end < groups.Length && RunOf(groups[i]) is { } character && RunOf(groups[end]) == character)
                end++;
            (int Left, int Right, int Merged)[] joined = [.. groups[i..end].SelectMany(group => InListOrder(group))];
            var order = InListOrder(joined);
            if (end > i + 1 && IsRunGroup(joined) && joined.SequenceEqual(order))
            {
                yield return [.. joined.Order()];
                i = end;
            }
            else
            {
                yield return groups[i++];
            }
        }
    }

    /// <summary>The ways to merge as Hugging Face's converters list them: those of longer halves first, the left counting more.</summary>
    public IEnumerable<(int Left, int Right, int Merged)> InListOrder(IEnumerable<(int Left, int Right, int Merged)> group) => IsBytePair
        ? group
        : group.OrderByDescending(merge => LengthOf(merge.Left)).ThenByDescending(merge => LengthOf(merge.Right));

    /// <summary>Whether a group makes all the runs of one character up to some length, in every way.</summary>
    public bool IsRunGroup(IReadOnlyList<(int Left, int Right, int Merged)> group)
    {
        if (RunOf(group) is null)
            return false;
        int[] lengths = [.. group.Select(merge => LengthOf(merge.Merged)).Distinct().Order()];
        return lengths.SequenceEqual(Enumerable.Range(2, lengths.Length)) && group.Count == lengths.Sum(length => length - 1);
    }

    private char? RunOf(IReadOnlyList<(int Left, int Right, int Merged)> group)
    {
        var character = Tokens[group[0].Merged][0];
        return group.All(merge => Tokens[merge.Merged].AsSpan().IndexOfAnyExcept(character) < 0) ? character : null;
    }

    private int LengthOf(int symbol) => symbol < 0 ? 1 : Tokens[symbol].Length;
}
