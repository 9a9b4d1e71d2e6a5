using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Ayni.Llama;

/// <summary>Tokens that are found in a text as they are written, before anything else. Immutable and safe for many threads.</summary>
internal sealed class SpecialTokens
{
    /// <summary>Texts of tokens that end a generation wherever a vocabulary has them as special tokens, as in llama.cpp.</summary>
    public static readonly ImmutableArray<string> Endings =
    [
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", // Llama 3
        "<|eot|>", "<|eom|>", // Llama 4
        "</s>", "<EOT>", "<|im_end|>", "<|endoftext|>", "<|end|>", "<end_of_turn>", // Llama 2 and models tuned from Llama
    ];

    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly SearchValues<string> _texts;
    private readonly int[] _lengths;

    /// <summary>The tokens' texts and ids; of two equal texts the later counts.</summary>
    public SpecialTokens(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        foreach (var (text, id) in tokens)
            _ids[text] = id;
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _texts = SearchValues.Create([.. _ids.Keys], StringComparison.Ordinal);
        _lengths = [.. _ids.Keys.Select(text => text.Length).Distinct().OrderDescending()];
    }

    /// <summary>Whether a text is one that chat formats give to tokens that open and end texts, turns and headers.</summary>
    public static bool LooksLikeControl(ReadOnlySpan<byte> text) =>
        (text.StartsWith("<|"u8) && text.EndsWith("|>"u8)) || text.SequenceEqual("<s>"u8) || text.SequenceEqual("<start_of_turn>"u8)
        || Endings.Contains(Encoding.UTF8.GetString(text));

    /// <summary>The id of a token's exact text, or null.</summary>
    public int? Find(string text) => _ids.TryGetValue(text, out var id) ? id : null;

    /// <summary>Finds the first token in the text, the longest where several start at one place; false where there is none.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int start, out int length, out int id)
    {
        start = _ids.Count == 0 ? -1 : text.IndexOfAny(_texts);
        if (start >= 0)
        {
            foreach (var candidate in _lengths)
            {
                if (candidate <= text.Length - start && _idsBySpan.TryGetValue(text.Slice(start, candidate), out id))
                {
                    length = candidate;
                    return true;
                }
            }
        }
        length = id = 0;
        return false;
    }
}
