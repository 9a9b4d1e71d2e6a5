using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// Drafts what comes next from what came after the same tokens before (prompt lookup; Saxena 2023,
/// github.com/apoorvumang/prompt-lookup-decoding). A text that copies another with changes goes on, after each change, near where it left
/// off: there two tokens are enough to find the place again.
/// </summary>
internal sealed class PromptLookup
{
    private const int Gram = 3;

    // How far a change may leave out what it copies from, in tokens.
    private const int Window = 32;

    // With the token that they follow as many as kernels of few tokens take at once: shorter drafts save less and cost nearly as much.
    private const int LeastTokens = 5;

    // For each hash of so many tokens, the place after them where they came last. Collisions are told by comparing.
    private readonly int[] _places;
    private readonly DraftLength _length = new(LeastTokens, DraftLength.Longest);
    private readonly DraftAccount _account = new();
    private int _indexed = Gram;

    // The last draft: where it was copied from, its length, and the text's length then; and whether it is not checked, but held against
    // what comes.
    private (int Place, int Count, int Length) _last;
    private bool _isUnchecked;

    /// <summary>Takes memory for an index.</summary>
    /// <param name="maxLength">The longest the text can become, in tokens.</param>
    public PromptLookup(int maxLength) => _places = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(maxLength, 16, 1 << 20))];

    /// <summary>Learns how long a step without a draft took.</summary>
    public void NotePlain(TimeSpan elapsed) => _account.NotePlain(elapsed);

    /// <summary>Learns how the last draft fared.</summary>
    /// <param name="drafted">Its tokens that were checked; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    /// <param name="elapsed">The time of the step that checked it.</param>
    public void Note(int drafted, int accepted, TimeSpan elapsed)
    {
        _length.Note(drafted, accepted);
        _account.NoteChecked(accepted, elapsed);
    }

    /// <summary>
    /// Writes the tokens that are likely to follow into <paramref name="draft"/> and returns how many: none where nothing is likely, or
    /// where checking does not pay.
    /// </summary>
    /// <param name="tokens">The text so far; the same as before and more.</param>
    /// <param name="draft">Receives at most as many as fit.</param>
    public int Draft(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        for (; _indexed < tokens.Length; _indexed++)
            _places[PlaceOf(tokens.Slice(_indexed - Gram, Gram))] = _indexed;
        if (tokens.Length < Gram || !IsSettled(tokens))
            return 0;
        var place = FindNearLast(tokens) ?? FindGram(tokens);
        if (place is not { } found)
            return 0;
        var count = Math.Min(Math.Min(_length.Tokens, draft.Length), tokens.Length - found);
        _last = (found, count, tokens.Length);
        _isUnchecked = !_account.Pays;
        if (_isUnchecked)
            return 0;
        tokens.Slice(found, count).CopyTo(draft);
        return count;
    }

    /// <summary>Whether what came tells how the last draft fared, where it was not checked.</summary>
    private bool IsSettled(ReadOnlySpan<int> tokens)
    {
        if (!_isUnchecked)
            return true;
        var accepted = HeldOf(tokens);
        if (accepted < _last.Count && accepted == tokens.Length - _last.Length)
            return false;
        _isUnchecked = false;
        _length.Note(_last.Count, accepted);
        _account.NoteUnchecked(accepted);
        return true;
    }

    /// <summary>How many tokens of the last draft are what came.</summary>
    private int HeldOf(ReadOnlySpan<int> tokens) => tokens[_last.Length..].CommonPrefixLength(tokens.Slice(_last.Place, _last.Count));

    /// <summary>The place after the last two tokens where they come soon after what was copied last.</summary>
    private int? FindNearLast(ReadOnlySpan<int> tokens)
    {
        if (_last.Count == 0)
            return null;
        var start = _last.Place + HeldOf(tokens);
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
