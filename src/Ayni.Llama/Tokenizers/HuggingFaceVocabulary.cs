using System.Text.Json;

namespace Ayni.Llama;

/// <summary>The tokens and merges of a <c>tokenizer.json</c>.</summary>
internal sealed class HuggingFaceVocabulary
{
    /// <summary>The texts of two tokens that merge, together.</summary>
    private const int MaxMergeLength = 2048;

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly string[] _texts;
    private readonly TokenType[] _types;

    private HuggingFaceVocabulary(string[] texts, TokenType[] types) => (_texts, _types) = (texts, types);

    /// <summary>Reads <c>model.vocab</c> and <c>added_tokens</c>, which together must give every id from 0 a text.</summary>
    public static HuggingFaceVocabulary Read(TokenizerJson root, TokenizerJson model)
    {
        var vocabulary = model.Require("vocab");
        if (vocabulary.Element.ValueKind != JsonValueKind.Object)
            throw model.Error("vocab", "expected an object of tokens and their ids");
        var texts = new Dictionary<int, string>();
        var types = new Dictionary<int, TokenType>();
        try
        {
            foreach (var property in vocabulary.Element.EnumerateObject())
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id)
                    || id is < 0 or >= TokenizerFile.MaxTokens || !texts.TryAdd(id, property.Name))
                {
                    throw model.Error($"vocab[\"{property.Name}\"]", "expected an id of its own, from 0 on");
                }
            }
        }
        catch (InvalidOperationException e)
        {
            throw model.Error("vocab", "a token holds half a surrogate pair", e);
        }
        foreach (var added in root.Find("added_tokens")?.Items() ?? [])
        {
            foreach (var flag in (string[])["lstrip", "rstrip", "single_word"])
            {
                if (added.FindBoolean(flag) ?? false)
                    throw added.Error(flag, "a token that takes the spaces around it, or whole words only, is not supported; no Llama's does");
            }
            var id = added.Require("id").Id();
            var content = added.Require("content").Text();
            if (content.Length == 0 || (texts.TryGetValue(id, out var known) && known != content))
                throw added.Error("content", $"the token {id} has another text, or none");
            texts[id] = content;
            types[id] = added.FindBoolean("special") ?? false ? TokenType.Control : TokenType.UserDefined;
        }
        if (texts.Count == 0)
            throw model.Error("vocab", "there are no tokens");
        var result = new HuggingFaceVocabulary(new string[texts.Count], new TokenType[texts.Count]);
        for (var id = 0; id < texts.Count; id++)
        {
            result._texts[id] = texts.TryGetValue(id, out var text) ? text
                : throw model.Error("vocab", $"there are {texts.Count} tokens, but none with the id {id}");
            result._types[id] = types.GetValueOrDefault(id, TokenType.Normal);
            if (!result._ids.TryAdd(text, id))
                throw model.Error("vocab", $"the tokens {result._ids[text]} and {id} have the same text");
        }
        return result;
    }

    /// <summary>The id of an added token by its text, or null.</summary>
    public int? FindSpecial(string text) => _ids.TryGetValue(text, out var id) && _types[id] != TokenType.Normal ? id : null;

    /// <summary>The tokens of a byte-level vocabulary, whose ordinary ones are written in its alphabet.</summary>
    public Vocabulary BuildByteLevel()
    {
        var builder = new VocabularyBuilder();
        Span<byte> bytes = new byte[_texts.Max(text => text.Length)];
        for (var id = 0; id < _texts.Length; id++)
        {
            var length = _types[id] == TokenType.Normal ? ByteAlphabet.Decode(_texts[id], bytes) : -1;
            if (length >= 0)
                builder.Add(bytes[..length], _types[id]);
            else
                builder.Add(_texts[id], _types[id]);
        }
        return builder.Build();
    }

    /// <summary>The tokens of a vocabulary that writes spaces with a mark and falls back to bytes.</summary>
    public SentencePiece[] BuildPieces(string? unknown)
    {
        for (var id = 0; id < _texts.Length; id++)
        {
            if (_texts[id] == unknown)
                _types[id] = TokenType.Unknown;
            else if (_types[id] == TokenType.Normal && SentencePieceTokenizer.ByteOf(_texts[id]) is not null)
                _types[id] = TokenType.Byte;
        }
        return [.. _texts.Select((text, id) => new SentencePiece(text, 0, _types[id]))];
    }

    /// <summary>The merges, written as <c>"a b"</c> or as <c>["a", "b"]</c>; the earlier, the sooner.</summary>
    public PairTable ReadMerges(TokenizerJson model)
    {
        var merges = model.Require("merges");
        if (merges.Element.ValueKind != JsonValueKind.Array)
            throw model.Error("merges", "expected a list");
        var idOf = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var pairs = new PairTable(merges.Element.GetArrayLength());
        Span<char> buffer = stackalloc char[MaxMergeLength];
        var rank = 0;
        foreach (var merge in merges.Items())
        {
            var (left, right) = Halves(merge, model, rank);
            if (left.Length + right.Length > MaxMergeLength)
                throw model.Error($"merges[{rank}]", $"the tokens have more than {MaxMergeLength} characters");
            left.CopyTo(buffer);
            right.CopyTo(buffer[left.Length..]);
            if (!idOf.TryGetValue(left, out var leftId) || !idOf.TryGetValue(right, out var rightId)
                || !idOf.TryGetValue(buffer[..(left.Length + right.Length)], out var merged))
            {
                throw model.Error($"merges[{rank}]", "it speaks of something that is not a token");
            }
            // Plain text must never give a control token, whatever the file says.
            if (_types[merged] is not (TokenType.Control or TokenType.Unknown))
                pairs.Add(leftId, rightId, rank, merged);
            rank++;
        }
        return pairs;
    }

    private static (string Left, string Right) Halves(TokenizerJson merge, TokenizerJson model, int rank)
    {
        if (merge.Element.ValueKind == JsonValueKind.Array)
        {
            return merge.Items().Take(3).ToArray() is [var left, var right]
                ? (left.Text(), right.Text())
                : throw model.Error($"merges[{rank}]", "it is not two tokens");
        }
        var text = merge.Text();
        var space = text.Length < 3 ? -1 : text.AsSpan(1, text.Length - 2).IndexOf(' ') + 1;
        return space > 0
            ? (text[..space], text[(space + 1)..])
            : throw model.Error($"merges[{rank}]", "it is not two tokens with a space between them");
    }
}
