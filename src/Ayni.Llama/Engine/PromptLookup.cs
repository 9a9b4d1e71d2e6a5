using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// Drafts what comes next from what came after the same tokens before (prompt lookup; Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding).
/// Drafts longer while its drafts hold and pauses, longer each time, while they don't, so that text without repetition costs next to nothing.
/// </summary>
internal sealed class PromptLookup
{
    /// <summary>The longest draft, in tokens.</summary>
    public const int MostTokens = 8;

    private const int Gram = 3;
    private const int LongestPause = 256;

    // For each hash of so many tokens, the place after them where they came last. Collisions are told by comparing.
    private readonly int[] _places;
    private int _indexed = Gram;
    private int _length = 2;
    private int _pause = 8;
    private int _resumesAt;

    /// <summary>Takes memory for an index.</summary>
    /// <param name="maxLength">The longest the text can become, in tokens.</param>
    public PromptLookup(int maxLength) => _places = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(maxLength, 16, 1 << 20))];

    /// <summary>Writes the tokens that are likely to follow into <paramref name="draft"/> and returns how many.</summary>
    /// <param name="tokens">The text so far; the same as before and more.</param>
    /// <param name="draft">Receives at most as many as fit.</param>
    public int Draft(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        for (; _indexed < tokens.Length; _indexed++)
            _places[PlaceOf(tokens.Slice(_indexed - Gram, Gram))] = _indexed;
        if (tokens.Length < Gram || tokens.Length < _resumesAt)
            return 0;
        var last = tokens[^Gram..];
        var place = _places[PlaceOf(last)];
        if (place < Gram || !tokens.Slice(place - Gram, Gram).SequenceEqual(last))
            return 0;
        var count = Math.Min(Math.Min(_length, draft.Length), tokens.Length - place);
        tokens.Slice(place, count).CopyTo(draft);
        return count;
    }

    /// <summary>Learns how a draft fared.</summary>
    /// <param name="drafted">Its tokens; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    /// <param name="length">The text's length after it, in tokens.</param>
    public void Note(int drafted, int accepted, int length)
    {
        if (accepted == drafted)
        {
            _length = Math.Min(MostTokens, _length + 2);
            _pause = 8;
        }
        else if (accepted > 0)
        {
            _length = Math.Max(1, accepted);
        }
        else
        {
            _length = 2;
            _resumesAt = length + _pause;
            _pause = Math.Min(LongestPause, 2 * _pause);
        }
    }

    private int PlaceOf(ReadOnlySpan<int> gram)
    {
        var hash = 0u;
        foreach (var token in gram)
            hash = (hash ^ (uint)token) * 0x9E3779B1u;
        return (int)(hash >> 7) & (_places.Length - 1);
    }
}
