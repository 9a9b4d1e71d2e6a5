namespace Ayni.Llama;

/// <summary>A text by its characters as Python counts them: a surrogate pair is one.</summary>
internal sealed class TextCharacters
{
    private readonly MarkedText _text;
    private readonly int[]? _starts;

    public TextCharacters(TemplateContext context, MarkedText text)
    {
        _text = text;
        context.Spend(text.Length / 16);
        if (!text.Text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
            return;
        context.Spend(text.Length * 2L);
        var starts = new List<int>();
        for (var i = 0; i < text.Length; i++)
        {
            starts.Add(i);
            if (i + 1 < text.Length && char.IsSurrogatePair(text.Text[i], text.Text[i + 1]))
                i++;
        }
        starts.Add(text.Length);
        _starts = [.. starts];
    }

    public int Count => _starts is null ? _text.Length : _starts.Length - 1;

    public MarkedText this[int place] => Range(place, place + 1);

    /// <summary>The characters from one place up to another.</summary>
    public MarkedText Range(int start, int end) => start >= end ? MarkedText.Empty : _text.Slice(OffsetOf(start), OffsetOf(end));

    private int OffsetOf(int place) => _starts is null ? place : _starts[place];
}
