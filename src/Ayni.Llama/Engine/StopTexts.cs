using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Watches a growing text for the first of several stop texts and holds back whatever may yet become part of one. One generation's state.
/// </summary>
internal sealed class StopTexts(IReadOnlyList<string> stops)
{
    private readonly string[] _stops = [.. stops];
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop text has appeared; nothing may be appended after that.</summary>
    public bool Found { get; private set; }

    /// <summary>
    /// Takes more text and returns what can be shown now: everything before a stop text, or before what may be the start of one.
    /// </summary>
    public string Append(string text)
    {
        if (_stops.Length == 0)
            return text;
        var held = _held.Append(text).ToString();
        _held.Clear();
        if (FirstToEnd(held) is { } start)
        {
            Found = true;
            return held[..start];
        }
        var safe = held.Length;
        foreach (var stop in _stops)
            safe = Math.Min(safe, held.Length - PossibleStart(held, stop));
        _held.Append(held, safe, held.Length - safe);
        return held[..safe];
    }

    /// <summary>What was held back, when no more text will come.</summary>
    public string Flush()
    {
        var held = _held.ToString();
        _held.Clear();
        return held;
    }

    /// <summary>
    /// Where the stop text begins that is complete first (of several, the one that begins first): a choice that does not depend on
    /// how the text was cut into pieces.
    /// </summary>
    private int? FirstToEnd(string text)
    {
        (int End, int Start)? first = null;
        foreach (var stop in _stops)
        {
            var start = text.IndexOf(stop, StringComparison.Ordinal);
            if (start >= 0 && (first is null || (start + stop.Length, start).CompareTo(first.Value) < 0))
                first = (start + stop.Length, start);
        }
        return first?.Start;
    }

    /// <summary>The length of the longest end of <paramref name="text"/> that begins <paramref name="stop"/>.</summary>
    private static int PossibleStart(string text, string stop)
    {
        for (var length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                return length;
        }
        return 0;
    }
}
