namespace Ayni.Llama;

/// <summary>
/// Text of which each character knows whether it came from outside the template: from a message, a tool or its result. The mark stays
/// with the characters through all that a template does with them, so that afterwards only the template's own text may name control
/// tokens. Immutable.
/// </summary>
/// <remarks>
/// Marked and unmarked runs alternate; <see cref="_flips"/> has the places where one ends and the next starts, the first of them being the
/// start of a marked one.
/// </remarks>
internal sealed class MarkedText
{
    private readonly int[] _flips;

    internal MarkedText(string text, int[] flips) => (Text, _flips) = (text, flips);

    /// <summary>The template's own text.</summary>
    public MarkedText(string text)
        : this(text, [])
    {
    }

    /// <summary>No text.</summary>
    public static MarkedText Empty { get; } = new("");

    /// <summary>The characters.</summary>
    public string Text { get; }

    /// <summary>How many UTF-16 units there are.</summary>
    public int Length => Text.Length;

    /// <summary>Text from outside the template.</summary>
    public static MarkedText Outside(string text) => text.Length == 0 ? Empty : new MarkedText(text, [0]);

    /// <summary>Whether the character at a place came from outside.</summary>
    public bool IsMarked(int index) => (FlipsUpTo(index) & 1) != 0;

    /// <summary>The runs of equal mark, in order.</summary>
    public IEnumerable<(int Start, int End, bool Marked)> Runs() => Runs(0, Length);

    /// <summary>The runs of equal mark within a part, in order.</summary>
    public IEnumerable<(int Start, int End, bool Marked)> Runs(int start, int end)
    {
        for (var flip = FlipsUpTo(start); start < end; flip++)
        {
            var next = flip < _flips.Length ? Math.Min(_flips[flip], end) : end;
            yield return (start, next, (flip & 1) != 0);
            start = next;
        }
    }

    /// <summary>A part of the text.</summary>
    public MarkedText Slice(int start, int end)
    {
        if (start >= end)
            return Empty;
        if (start == 0 && end == Length)
            return this;
        var flips = new List<int>();
        var current = false;
        foreach (var (runStart, _, marked) in Runs(start, end))
        {
            if (marked != current)
                flips.Add(runStart - start);
            current = marked;
        }
        return new MarkedText(Text[start..end], [.. flips]);
    }

    /// <summary>The same marks on other characters, as many as these.</summary>
    public MarkedText WithCharacters(string text) => new(text, _flips);

    /// <summary>How many flips there are at or before a place.</summary>
    private int FlipsUpTo(int index)
    {
        var found = Array.BinarySearch(_flips, index);
        return found >= 0 ? found + 1 : ~found;
    }
}
