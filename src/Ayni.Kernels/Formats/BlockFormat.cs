namespace Ayni.Kernels;

/// <summary>
/// How a tensor type packs weights: so many of them into so many bytes. Rows of a tensor hold whole blocks.
/// A plain number is a block of one.
/// </summary>
/// <param name="Weights">Weights in a block.</param>
/// <param name="Bytes">Bytes of a block.</param>
public readonly record struct BlockFormat(int Weights, int Bytes)
{
    /// <summary>The bytes that a number of weights takes.</summary>
    /// <exception cref="ArgumentException">The weights are not whole blocks.</exception>
    /// <exception cref="OverflowException">The bytes are more than a <see cref="long"/> counts.</exception>
    public long BytesOf(long weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weights);
        if (weights % Weights != 0)
            throw new ArgumentException($"{weights} weights are not whole blocks of {Weights}.", nameof(weights));
        return checked(weights / Weights * Bytes);
    }
}
