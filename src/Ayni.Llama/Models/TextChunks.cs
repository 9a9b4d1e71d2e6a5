namespace Ayni.Llama;

/// <summary>
/// A text cut into chunks that are each computed on its own, as llama.cpp's tools that measure models cut it: of the context's length, what
/// is left over dropped, BOS in the place of each one's first token where the model wants one.
/// </summary>
internal readonly ref struct TextChunks
{
    private readonly ReadOnlySpan<int> _ids;
    private readonly int _context;
    private readonly int? _begin;

    /// <summary>Cuts a text, given as <see cref="LlamaModel.EncodePrompt"/> encodes it.</summary>
    public TextChunks(LlamaModel model, ReadOnlySpan<int> ids, int context)
    {
        _ids = ids;
        _context = context;
        _begin = model.HasTokenizer && model.Tokenizer.AddsBeginOfText ? model.Tokenizer.BeginOfText : null;
    }

    /// <summary>The number of chunks.</summary>
    public int Count => _ids.Length / _context;

    /// <summary>Writes one chunk, as long as the context.</summary>
    public void CopyTo(int index, Span<int> chunk)
    {
        _ids.Slice(index * _context, _context).CopyTo(chunk);
        if (_begin is { } begin)
            chunk[0] = begin;
    }
}
