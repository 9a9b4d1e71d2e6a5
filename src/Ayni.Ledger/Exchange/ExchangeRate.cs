using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// One version of what a currency is worth in another. It converts in its direction only; the other way is another rate. Versions are never
/// changed; a later one takes over at its instant.
/// </summary>
/// <param name="Version">Its number, unique over all currencies.</param>
/// <param name="From">The currency of prices.</param>
/// <param name="PerUnit">What one whole unit of it is in the customers' currency, with at most twelve decimals.</param>
/// <param name="Source">Who says so, such as <c>ECB</c>.</param>
/// <param name="EffectiveFrom">Since when it holds.</param>
public sealed record ExchangeRate(long Version, Currency From, Amount PerUnit, string Source, DateTimeOffset EffectiveFrom)
{
    private static readonly BigInteger One = BigInteger.Pow(10, Amount.Decimals);

    /// <summary>The customers' currency.</summary>
    public Currency To => PerUnit.Currency;

    /// <summary>An amount in the other currency, rounded once, half to even, to a unit of 10⁻¹².</summary>
    public Amount Convert(Amount amount) => amount.Currency == From
        ? new(Divide((BigInteger)amount.Units * PerUnit.Units, One), To)
        : throw new CurrencyMismatchException(From, amount.Currency);

    /// <summary>A quotient rounded half to even. Throws <see cref="OverflowException"/> beyond 128 bits.</summary>
    internal static Int128 Divide(BigInteger numerator, BigInteger denominator)
    {
        var whole = BigInteger.DivRem(BigInteger.Abs(numerator), BigInteger.Abs(denominator), out var rest);
        var twice = rest * 2;
        if (twice > BigInteger.Abs(denominator) || (twice == BigInteger.Abs(denominator) && !whole.IsEven))
            whole++;
        return (Int128)(numerator.Sign * denominator.Sign < 0 ? -whole : whole);
    }
}
