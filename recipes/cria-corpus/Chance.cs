namespace Ayni.CriaCorpus;

/// <summary>The generators' random numbers: SplitMix64 (Steele, Lea, Flood 2014), the same everywhere. One thread at a time.</summary>
public sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from 0 to below a bound.</summary>
    public int Below(int bound)
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        return (int)(((UInt128)mixed * (uint)bound) >> 64);
    }

    /// <summary>Whether something that happens so many times in a hundred happens.</summary>
    public bool Percent(int percent) => Below(100) < percent;

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>Several in another order.</summary>
    public T[] Shuffle<T>(IEnumerable<T> items)
    {
        T[] all = [.. items];
        for (var i = all.Length - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (all[i], all[j]) = (all[j], all[i]);
        }
        return all;
    }
}
