using System.Buffers.Binary;
using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// Counts distinct values in 16 KiB, whatever their number (HyperLogLog; Flajolet, Fusy, Gandouet and Meunier 2007, with the bias-free
/// estimator of Ertl 2017). Its standard error is 1.04 ÷ √16384 = 0.81 %: 95 of 100 counts are within 1.7 %, and 997 of 1,000 within
/// 2.5 %. Not thread-safe.
/// </summary>
public sealed class UserSketch
{
    /// <summary>The standard error of <see cref="Estimate"/>, as a part of 1.</summary>
    public const double StandardError = 1.04 / 128;

    private const int IndexBits = 14, Size = 1 << IndexBits, ValueBits = 64 - IndexBits;

    private readonly byte[] _registers;

    /// <summary>A sketch of nothing.</summary>
    public UserSketch() => _registers = new byte[Size];

    /// <summary>A sketch as <see cref="ToBytes"/> writes it. Throws <see cref="ArgumentException"/> for anything else.</summary>
    public UserSketch(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || bytes.ContainsAnyExceptInRange((byte)0, (byte)(ValueBits + 1)))
            throw new ArgumentException($"A sketch is {Size} bytes of 0 to {ValueBits + 1}.", nameof(bytes));
        _registers = bytes.ToArray();
    }

    /// <summary>Adds a value by its hash, of which the first eight bytes count. Adding it again changes nothing.</summary>
    public void Add(ReadOnlySpan<byte> hash)
    {
        var bits = BinaryPrimitives.ReadUInt64BigEndian(hash);
        var index = (int)(bits >> ValueBits);
        var rank = (byte)Math.Min(BitOperations.LeadingZeroCount(bits << IndexBits) + 1, ValueBits + 1);
        _registers[index] = Math.Max(_registers[index], rank);
    }

    /// <summary>Adds everything that another sketch holds.</summary>
    public void Add(UserSketch other)
    {
        for (var i = 0; i < Size; i++)
            _registers[i] = Math.Max(_registers[i], other._registers[i]);
    }

    /// <summary>About how many different values were added.</summary>
    public double Estimate()
    {
        Span<int> counts = stackalloc int[ValueBits + 2];
        foreach (var register in _registers)
            counts[register]++;
        var z = Size * Tau((Size - counts[ValueBits + 1]) / (double)Size);
        for (var k = ValueBits; k >= 1; k--)
            z = 0.5 * (z + counts[k]);
        z += Size * Sigma(counts[0] / (double)Size);
        return Size / (2 * Math.Log(2)) * Size / z;
    }

    /// <summary>The sketch as bytes.</summary>
    public byte[] ToBytes() => [.. _registers];

    /// <summary>Ertl's sigma: Σ x^(2^k) · 2^(k-1).</summary>
    private static double Sigma(double x)
    {
        if (x == 1)
            return double.PositiveInfinity;
        var (y, z) = (1.0, x);
        while (true)
        {
            x *= x;
            var before = z;
            z += x * y;
            y += y;
            if (z == before)
                return z;
        }
    }

    /// <summary>Ertl's tau: (1 − x − Σ (1 − x^(2^-k))² · 2^-k) ÷ 3.</summary>
    private static double Tau(double x)
    {
        if (x is 0 or 1)
            return 0;
        var (y, z) = (1.0, 1 - x);
        while (true)
        {
            x = Math.Sqrt(x);
            var before = z;
            y *= 0.5;
            z -= (1 - x) * (1 - x) * y;
            if (z == before)
                return z / 3;
        }
    }
}
