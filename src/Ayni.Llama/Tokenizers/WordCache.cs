using System.Runtime.InteropServices;

namespace Ayni.Llama;

/// <summary>
/// Remembers the ids of words met before. Bounded, never blocking, safe for many threads: a word has two places, and a newcomer
/// pushes the older of the two out.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longer words are rare, and hardly ever come twice.</summary>
    public const int MaxWordLength = 48;

    private const int Places = 1 << 16;

    private readonly Entry?[] _entries = new Entry?[Places];
    private long _lookups;
    private long _misses;

    /// <summary>What the cache was asked and how often it knew the answer, so far.</summary>
    public WordCacheUse Use => new(Interlocked.Read(ref _lookups), Interlocked.Read(ref _misses), Places);

    /// <summary>Counts what a caller asked.</summary>
    public void Count(int lookups, int misses)
    {
        Interlocked.Add(ref _lookups, lookups);
        Interlocked.Add(ref _misses, misses);
    }

    /// <summary>Finds the ids of a word.</summary>
    public bool TryFind(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        var place = PlaceOf(word);
        var entry = Volatile.Read(ref _entries[place]);
        if (entry is null || !word.SequenceEqual(entry.Word))
        {
            entry = Volatile.Read(ref _entries[place ^ 1]);
            if (entry is null || !word.SequenceEqual(entry.Word))
            {
                ids = default;
                return false;
            }
        }
        ids = entry.Ids;
        return true;
    }

    /// <summary>Remembers the ids of a word of at most <see cref="MaxWordLength"/>.</summary>
    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        var place = PlaceOf(word);
        Volatile.Write(ref _entries[place ^ 1], Volatile.Read(ref _entries[place]));
        Volatile.Write(ref _entries[place], new Entry(word.ToString(), ids.ToArray()));
    }

    private static int PlaceOf(ReadOnlySpan<char> word)
    {
        const ulong multiplier = 0x9E37_79B9_7F4A_7C15;
        var bytes = MemoryMarshal.AsBytes(word);
        var hash = (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(bytes));
        if (bytes.Length >= 4)
        {
            hash = Mix(hash ^ MemoryMarshal.Read<uint>(bytes));
            bytes = bytes[4..];
        }
        if (bytes.Length >= 2)
            hash = Mix(hash ^ MemoryMarshal.Read<ushort>(bytes));
        return (int)(hash >> 40) & (Places - 1);

        static ulong Mix(ulong value) => System.Numerics.BitOperations.RotateLeft(value * multiplier, 31) * multiplier;
    }

    private sealed record Entry(string Word, int[] Ids);
}
