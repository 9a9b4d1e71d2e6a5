using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// Drafts what comes next from what came after the same tokens before (prompt lookup; Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding).
/// A text that copies another with changes goes on, after each change, near where it left off: there two tokens are enough to find the place again.
/// </summary>
internal sealed class PromptLookup
{
    private const int Gram = 3;

    // How far a change may leave out what it copies from, in tokens.
    private const int Window = 32;

    // Shorter drafts save little where they hold and cost nearly as much where they don't.
    private const int LeastTokens = 4;

    // For each hash of so many tokens, the place after them where they came last. Collisions are told by comparing.
    private readonly int[] _places;
    private int _indexed = Gram;

    // The last draft: where it was copied from, its length, and the text's length then.
    private (int Place, int Count, int Length) _last;

    /// <summary>Takes memory for an index.</summary>
    /// <param name="maxLength">The longest the text can become, in tokens.</param>
    public PromptLookup(int maxLength) => _places = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(maxLength, 16, 1 << 20))];

    /// <summary>How its drafts fare.</summary>
    public DraftPace Pace { get; } = new(LeastTokens);

    /// <summary>Writes the tokens that are likely to follow into <paramref name="draft"/> and returns how many.</summary>
    /// <param name="tokens">The text so far; the same as before and more.</param>
    /// <param name="draft">Receives at most as many as fit.</param>
    public int Draft(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        for (; _indexed < tokens.Length; _indexed++)
            _places[PlaceOf(tokens.Slice(_indexed - Gram, Gram))] = _indexed;
        if (tokens.Length < Gram || Pace.Pauses(tokens.Length))
            return 0;
        var place = FindNearLast(tokens) ?? FindGram(tokens);
        if (place is not { } found)
            return 0;
        var count = Math.Min(Math.Min(Pace.Length, draft.Length), tokens.Length - found);
        tokens.Slice(found, count).CopyTo(draft);
        _last = (found, count, tokens.Length);
        return count;
    }

    /// <summary>The place after the last two tokens where they come soon after what was copied last.</summary>
    private int? FindNearLast(ReadOnlySpan<int> tokens)
    {
        if (_last.Count == 0)
            return null;
        var copied = tokens[_last.Length..].CommonPrefixLength(tokens.Slice(_last.Place, _last.Count));
        var start = _last.Place + copied;
        var found = tokens[(start - 1)..Math.Min(start + Window, tokens.Length - 1)].IndexOf(tokens[^2..]);
        return found < 0 ? null : start + found + 1;
    }

    /// <summary>The place after the last three tokens where they came last.</summary>
    private int? FindGram(ReadOnlySpan<int> tokens)
    {
        var last = tokens[^Gram..];
        var place = _places[PlaceOf(last)];
        return place >= Gram && tokens.Slice(place - Gram, Gram).SequenceEqual(last) ? place : null;
    }

    private int PlaceOf(ReadOnlySpan<int> gram)
    {
        var hash = 0u;
        foreach (var token in gram)
            hash = (hash ^ (uint)token) * 0x9E3779B1u;
        return (int)(hash >> 7) & (_places.Length - 1);
    }
}
