using System.Numerics;

namespace Ayni.Ledger;

/// <summary>
/// What a request comes to before it is rounded: whole millionths of units, and parts of packages, whose size may be any number. Rounded
/// once, half to even. Not thread-safe.
/// </summary>
internal struct ExactCharge(Currency currency)
{
    private const int Million = 1_000_000;

    private Int128 _millionths;
    private Int128 _packageUnits;
    private long _packageSize;
    private List<(Int128 Units, long Size)>? _more;

    /// <summary>Adds a price of a million tokens times tokens.</summary>
    public void AddPerMillion(Amount rate, long tokens) => _millionths = checked(_millionths + rate.Units * tokens);

    /// <summary>Adds a price times how often it is paid.</summary>
    public void AddEach(Amount price, long quantity) => _millionths = checked(_millionths + price.Units * Million * quantity);

    /// <summary>Adds some units of packages of a price and size.</summary>
    public void AddOf(Amount price, long quantity, long size)
    {
        var units = checked(price.Units * quantity);
        if (_packageSize == 0 || _packageSize == size)
            (_packageUnits, _packageSize) = (checked(_packageUnits + units), size);
        else
            (_more ??= []).Add((units, size));
    }

    /// <summary>Adds a rate in any number of units times a quantity.</summary>
    public void Add(UnitRate rate, long quantity)
    {
        if (rate.Units == Million)
            AddPerMillion(rate.Amount, quantity);
        else if (rate.Units == 1)
            AddEach(rate.Amount, quantity);
        else
            AddOf(rate.Amount, quantity, rate.Units);
    }

    /// <summary>The sum, rounded.</summary>
    public readonly Amount Round()
    {
        if (_more is not null)
            return RoundMany();
        var size = _packageSize == 0 ? 1 : _packageSize;
        var (units, rest) = Int128.DivRem(_millionths, Million);
        var (more, packageRest) = Int128.DivRem(_packageUnits, size);
        // Both remainders over one denominator: below 10⁶ × 10¹² each, so that nothing overflows.
        var denominator = (Int128)Million * size;
        var (carry, left) = Int128.DivRem(rest * size + packageRest * Million, denominator);
        units += more + carry;
        if (left < 0)
        {
            units--;
            left += denominator;
        }
        if (left * 2 > denominator || (left * 2 == denominator && Int128.IsOddInteger(units)))
            units++;
        return new(units, currency);
    }

    /// <summary>Packages of several sizes have a common denominator beyond 128 bits.</summary>
    private readonly Amount RoundMany()
    {
        (BigInteger Numerator, BigInteger Denominator) sum = (_millionths, Million);
        foreach (var (units, size) in _more!.Append((_packageUnits, _packageSize)))
            sum = (sum.Numerator * size + units * sum.Denominator, sum.Denominator * size);
        return new(ExchangeRate.Divide(sum.Numerator, sum.Denominator), currency);
    }
}
