using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Which two characters stand side by side in some piece of a vocabulary. Between two that never do, nothing merges. Characters outside
/// ASCII count as one. Immutable and safe for many threads.
/// </summary>
internal sealed class PieceNeighbours
{
    private const int Kinds = 129;

    private readonly bool[] _together = new bool[Kinds * Kinds];

    /// <summary>The neighbours of all pieces that merge.</summary>
    public PieceNeighbours(Vocabulary vocabulary)
    {
        // Two halves of a surrogate pair, or two characters outside ASCII.
        _together[Kinds * Kinds - 1] = true;
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.TypeOf(id) is not (TokenType.Normal or TokenType.Unused))
                continue;
            var text = Encoding.UTF8.GetString(vocabulary.BytesOf(id));
            for (var i = 1; i < text.Length; i++)
                _together[Kind(text[i - 1]) * Kinds + Kind(text[i])] = true;
        }
    }

    private PieceNeighbours() => Array.Fill(_together, true);

    /// <summary>Any two characters may be neighbours: no text is ever cut.</summary>
    public static PieceNeighbours All { get; } = new();

    /// <summary>The length of the first part of a text, which is not empty, that merges on its own.</summary>
    public int FirstPart(ReadOnlySpan<char> text)
    {
        var together = _together;
        var before = Kind(text[0]);
        for (var i = 1; i < text.Length; i++)
        {
            var kind = Kind(text[i]);
            if (!together[before * Kinds + kind])
                return i;
            before = kind;
        }
        return text.Length;
    }

    private static int Kind(char c) => Math.Min((int)c, Kinds - 1);
}
