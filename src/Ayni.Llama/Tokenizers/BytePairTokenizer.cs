using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Byte-level byte-pair encoding (Llama 3, Llama 4, GPT-2's heirs): text is cut into words by a pattern, and the bytes of each word are
/// merged pair by pair. Immutable and safe for many threads.
/// </summary>
/// <remarks>
/// A byte that has no token, as in vocabularies without the bytes UTF-8 never uses, is left out, as other implementations do.
/// </remarks>
public sealed class BytePairTokenizer : Tokenizer
{
    private const int StackSymbols = 256;

    private readonly SplitPattern _pattern;
    private readonly bool _takesWholeWords;
    private readonly PairMerger _merger;
    private readonly int[] _idOfByte;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="pairs">Which ids merge into which; the ranks say in which order.</param>
    /// <param name="pattern">How text is cut into words.</param>
    /// <param name="takesWholeWords">Whether a word that is a token needs no merges to get there.</param>
    internal BytePairTokenizer(Vocabulary vocabulary, PairTable pairs, SplitPattern pattern, bool takesWholeWords)
        : base(vocabulary)
    {
        _pattern = pattern;
        _takesWholeWords = takesWholeWords;
        _merger = new PairMerger(pairs);
        Pairs = pairs;
        _idOfByte = [.. Enumerable.Range(0, 256).Select(b => vocabulary.Find([(byte)b]))];
    }

    /// <summary>Which ids merge into which.</summary>
    internal PairTable Pairs { get; }

    /// <summary>How text is cut into words.</summary>
    internal SplitPattern Pattern => _pattern;

    /// <summary>Whether a word that is a token needs no merges to get there.</summary>
    internal bool TakesWholeWords => _takesWholeWords;

    /// <inheritdoc/>
    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var tokens = special ? Vocabulary.Special : Vocabulary.UserDefined;
        while (tokens.TryFind(text, out var start, out var length, out var id))
        {
            EncodePlain(text[..start], ids);
            ids.Add(id);
            text = text[(start + length)..];
        }
        EncodePlain(text, ids);
    }

    private void EncodePlain(ReadOnlySpan<char> text, List<int> ids)
    {
        var (lookups, misses) = (0, 0);
        while (!text.IsEmpty)
        {
            var word = text[.._pattern.FirstWord(text)];
            if (word.Length > WordCache.MaxWordLength)
            {
                EncodeWord(word, ids);
            }
            else if (Cache.TryFind(word, out var known))
            {
                lookups++;
                ids.AddRange(known);
            }
            else
            {
                var before = ids.Count;
                EncodeWord(word, ids);
                Cache.Add(word, CollectionsMarshal.AsSpan(ids)[before..]);
                lookups++;
                misses++;
            }
            text = text[word.Length..];
        }
        Cache.Count(lookups, misses);
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        var byteCount = Encoding.UTF8.GetByteCount(word);
        var rentedBytes = byteCount > StackSymbols ? ArrayPool<byte>.Shared.Rent(byteCount) : null;
        var rentedSymbols = byteCount > StackSymbols ? ArrayPool<int>.Shared.Rent(byteCount) : null;
        var bytes = (rentedBytes ?? stackalloc byte[StackSymbols])[..byteCount];
        var symbols = rentedSymbols ?? stackalloc int[StackSymbols];

        Encoding.UTF8.GetBytes(word, bytes);
        if (_takesWholeWords && Vocabulary.Find(bytes) is >= 0 and var whole)
        {
            ids.Add(whole);
        }
        else
        {
            var count = 0;
            foreach (var b in bytes)
            {
                if (_idOfByte[b] >= 0)
                    symbols[count++] = _idOfByte[b];
            }
            ids.AddRange(symbols[.._merger.Merge(symbols[..count])]);
        }

        if (rentedBytes is not null)
            ArrayPool<byte>.Shared.Return(rentedBytes);
        if (rentedSymbols is not null)
            ArrayPool<int>.Shared.Return(rentedSymbols);
    }
}
