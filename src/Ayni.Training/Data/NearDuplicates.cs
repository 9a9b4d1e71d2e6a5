using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ayni.Training;

/// <summary>
/// Finds documents that say nearly the same by MinHash (Broder 1997, "On the resemblance and containment of documents"): of the sets of
/// all runs of five words, the share that two documents have in common is estimated from 128 hashes, of those documents that agree in one
/// of 16 bands of 8. A word is a run of letters, marks and digits in any case, or one other character that is no space. Follows from the
/// texts and their order alone. One thread at a time.
/// </summary>
internal sealed class NearDuplicates
{
    /// <summary>Words of a run; a shorter document is one run.</summary>
    public const int RunWords = 5;

    /// <summary>Hashes of a document.</summary>
    public const int Hashes = 128;

    /// <summary>Bands of hashes; documents are compared where all hashes of one are equal.</summary>
    public const int Bands = 16;

    /// <summary>Hundredths of the hashes that near duplicates have in common at least.</summary>
    public const int LeastPercent = 80;

    /// <summary>How many documents of one band a document is compared with: the latest.</summary>
    public const int MostCompared = 64;

    private const int BandHashes = Hashes / Bands;
    private const ulong Seed = 0x6F6C6C616D61; // Any number would do, but only one gives the same answers always.

    private readonly ulong[] _factors = new ulong[Hashes];
    private readonly ulong[] _offsets = new ulong[Hashes];
    private readonly List<uint[]?> _documents = [];
    // For each band of each document the one before it in the same bucket, or -1.
    private readonly List<int> _previous = [];
    private readonly Dictionary<ulong, int> _latest = [];
    private readonly List<ulong> _words = [];

    /// <summary>An empty collection.</summary>
    public NearDuplicates()
    {
        for (var i = 0; i < Hashes; i++)
        {
            _factors[i] = Permutation.Mix(Seed, 2 * (ulong)i) | 1;
            _offsets[i] = Permutation.Mix(Seed, 2 * (ulong)i + 1);
        }
    }

    /// <summary>
    /// Adds a document unless one that was added before says nearly the same; then returns that one's number and the hundredths in common.
    /// </summary>
    public (int Document, int Percent)? Add(IEnumerable<string> texts)
    {
        var hashes = HashesOf(texts);
        Span<ulong> buckets = stackalloc ulong[Bands];
        if (hashes is not null)
        {
            for (var band = 0; band < Bands; band++)
            {
                buckets[band] = BucketOf(hashes, band);
                var other = _latest.GetValueOrDefault(buckets[band], -1);
                for (var compared = 0; other >= 0 && compared < MostCompared; compared++)
                {
                    var percent = 100 * CountEqual(hashes, _documents[other]!) / Hashes;
                    if (percent >= LeastPercent)
                        return (other, percent);
                    other = _previous[other * Bands + band];
                }
            }
        }
        for (var band = 0; band < Bands; band++)
        {
            _previous.Add(hashes is null ? -1 : _latest.GetValueOrDefault(buckets[band], -1));
            if (hashes is not null)
                _latest[buckets[band]] = _documents.Count;
        }
        _documents.Add(hashes);
        return null;
    }

    /// <summary>The least value of each hash over all runs of words; null for a document without words.</summary>
    private uint[]? HashesOf(IEnumerable<string> texts)
    {
        _words.Clear();
        foreach (var text in texts)
            AddWords(text);
        if (_words.Count == 0)
            return null;
        var hashes = new uint[Hashes];
        Array.Fill(hashes, uint.MaxValue);
        var words = CollectionsMarshal.AsSpan(_words);
        var length = Math.Min(RunWords, words.Length);
        for (var start = 0; start + length <= words.Length; start++)
        {
            var run = (ulong)length;
            foreach (var word in words.Slice(start, length))
                run = Permutation.Mix(run, word);
            for (var i = 0; i < Hashes; i++)
                hashes[i] = Math.Min(hashes[i], (uint)(run * _factors[i] + _offsets[i] >> 32));
        }
        return hashes;
    }

    private void AddWords(string text)
    {
        var word = 0UL;
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsInWord(rune))
            {
                word = Permutation.Mix(word, (ulong)Rune.ToLowerInvariant(rune).Value);
                continue;
            }
            End();
            if (!Rune.IsWhiteSpace(rune))
                _words.Add(Permutation.Mix(0, (ulong)rune.Value));
        }
        End();

        void End()
        {
            if (word != 0)
                _words.Add(word);
            word = 0;
        }
    }

    private static bool IsInWord(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static ulong BucketOf(uint[] hashes, int band)
    {
        var bucket = (ulong)band;
        foreach (var hash in hashes.AsSpan(band * BandHashes, BandHashes))
            bucket = Permutation.Mix(bucket, hash);
        return bucket;
    }

    private static int CountEqual(uint[] a, uint[] b)
    {
        var count = 0;
        for (var i = 0; i < a.Length; i++)
            count += a[i] == b[i] ? 1 : 0;
        return count;
    }
}
