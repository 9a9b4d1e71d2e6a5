using System.Text;

namespace Ayni.Llama;

/// <summary>Puts marked text together within a rendering's bounds.</summary>
internal sealed class MarkedTextBuilder(TemplateContext context)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _flips = [];
    private bool _marked;

    /// <summary>How many UTF-16 units there are so far.</summary>
    public int Length => _text.Length;

    /// <summary>Appends characters of one mark.</summary>
    public MarkedTextBuilder Append(ReadOnlySpan<char> text, bool marked = false)
    {
        if (text.IsEmpty)
            return this;
        context.Spend(text.Length);
        if (marked != _marked)
            _flips.Add(_text.Length);
        _marked = marked;
        _text.Append(text);
        return this;
    }

    /// <summary>Appends text with its marks.</summary>
    public MarkedTextBuilder Append(MarkedText text) => Append(text, 0, text.Length);

    /// <summary>Appends a part of a text with its marks.</summary>
    public MarkedTextBuilder Append(MarkedText text, int start, int end)
    {
        foreach (var (runStart, runEnd, marked) in text.Runs(start, end))
            Append(text.Text.AsSpan(runStart..runEnd), marked);
        return this;
    }

    /// <summary>All that was appended.</summary>
    public MarkedText Build() => new(_text.ToString(), [.. _flips]);
}
