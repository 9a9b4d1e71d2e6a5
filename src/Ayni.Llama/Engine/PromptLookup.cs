using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// Drafts what comes next from what came after the same tokens before (prompt lookup; Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding).
/// </summary>
internal sealed class PromptLookup
{
    private const int Gram = 3;

    // For each hash of so many tokens, the place after them where they came last. Collisions are told by comparing.
    private readonly int[] _places;
    private int _indexed = Gram;

    /// <summary>Takes memory for an index.</summary>
    /// <param name="maxLength">The longest the text can become, in tokens.</param>
    public PromptLookup(int maxLength) => _places = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(maxLength, 16, 1 << 20))];

    /// <summary>How its drafts fare.</summary>
    public DraftPace Pace { get; } = new();

    /// <summary>Writes the tokens that are likely to follow into <paramref name="draft"/> and returns how many.</summary>
    /// <param name="tokens">The text so far; the same as before and more.</param>
    /// <param name="draft">Receives at most as many as fit.</param>
    public int Draft(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        for (; _indexed < tokens.Length; _indexed++)
            _places[PlaceOf(tokens.Slice(_indexed - Gram, Gram))] = _indexed;
        if (tokens.Length < Gram || Pace.Pauses(tokens.Length))
            return 0;
        var last = tokens[^Gram..];
        var place = _places[PlaceOf(last)];
        if (place < Gram || !tokens.Slice(place - Gram, Gram).SequenceEqual(last))
            return 0;
        var count = Math.Min(Math.Min(Pace.Length, draft.Length), tokens.Length - place);
        tokens.Slice(place, count).CopyTo(draft);
        return count;
    }

    private int PlaceOf(ReadOnlySpan<int> gram)
    {
        var hash = 0u;
        foreach (var token in gram)
            hash = (hash ^ (uint)token) * 0x9E3779B1u;
        return (int)(hash >> 7) & (_places.Length - 1);
    }
}
