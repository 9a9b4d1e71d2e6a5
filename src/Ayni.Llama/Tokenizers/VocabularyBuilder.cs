using System.Buffers;
using System.Text;

namespace Ayni.Llama;

/// <summary>Gathers tokens, in the order of their ids, into a <see cref="Vocabulary"/>.</summary>
internal sealed class VocabularyBuilder
{
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<int> _offsets = [0];
    private readonly List<TokenType> _types = [];

    /// <summary>How many tokens there are so far, which is the next one's id.</summary>
    public int Count => _types.Count;

    /// <summary>Appends a token.</summary>
    public void Add(ReadOnlySpan<byte> bytes, TokenType type)
    {
        _bytes.Write(bytes);
        _offsets.Add(_bytes.WrittenCount);
        _types.Add(type);
    }

    /// <summary>Appends a token given as text.</summary>
    public void Add(ReadOnlySpan<char> text, TokenType type)
    {
        Encoding.UTF8.GetBytes(text, _bytes);
        _offsets.Add(_bytes.WrittenCount);
        _types.Add(type);
    }

    /// <summary>The vocabulary of all tokens added.</summary>
    public Vocabulary Build() => new(_bytes.WrittenSpan.ToArray(), [.. _offsets], [.. _types]);
}
