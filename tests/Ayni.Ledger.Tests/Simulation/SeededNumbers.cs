using System.Security.Cryptography;

namespace Ayni.Ledger.Tests;

/// <summary>Random bytes that a seed decides. Thread-safe.</summary>
internal sealed class SeededNumbers(int seed) : RandomNumberGenerator
{
    private readonly Random _random = new(seed);

    public override void GetBytes(byte[] data) => GetBytes(data.AsSpan());

    public override void GetBytes(Span<byte> data)
    {
        lock (_random)
            _random.NextBytes(data);
    }
}
