using System.Numerics;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// An order of the numbers from 0 to below a length that follows from a seed and is computed place by place: four Feistel rounds over the
/// next even number of bits, walked on until the result is in range (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
/// </summary>
internal readonly struct Permutation
{
    private const int Rounds = 4;

    private readonly long _length;
    private readonly int _halfBits;
    private readonly ulong _seed;

    /// <summary>The order of a seed.</summary>
    public Permutation(ulong seed, long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _seed = seed;
        _length = length;
        _halfBits = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)(length - 1))) / 2);
    }

    /// <summary>The number at a place.</summary>
    public long At(long place)
    {
        var value = (ulong)place;
        do
            value = Shuffle(value);
        while (value >= (ulong)_length);
        return (long)value;
    }

    private ulong Shuffle(ulong value)
    {
        var mask = (1UL << _halfBits) - 1;
        var (left, right) = (value >> _halfBits, value & mask);
        for (var round = 0; round < Rounds; round++)
            (left, right) = (right, left ^ (Mix(_seed + (ulong)round, right) & mask));
        return left << _halfBits | right;
    }

    /// <summary>Bits that follow from a seed and a number.</summary>
    public static ulong Mix(ulong seed, ulong number) => new SplitMix64(new SplitMix64(seed).Next() ^ number).Next();
}
