using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What an invoice's lines come to: a pure function of lines and rates.</summary>
/// <param name="Taxes">The taxes, those withheld last.</param>
/// <param name="Rounding">What makes the total whole minor units.</param>
/// <param name="Total">Lines, taxes that are added, and rounding.</param>
internal sealed record InvoiceSums(ImmutableArray<TaxLine> Taxes, Amount Rounding, Amount Total)
{
    /// <summary>
    /// Every tax is computed on the lines' sum, exact to 10⁻¹², without balances from before the ledger, which bore theirs then; sum and
    /// added taxes are rounded once, together. A tax withheld is rounded to
    /// minor units of its own, since it is paid to the authority by itself.
    /// </summary>
    public static InvoiceSums Of(IEnumerable<InvoiceLine> lines, ImmutableArray<Tax> taxes, Currency currency)
    {
        var net = lines.Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Amount);
        var taxed = lines.Where(line => line.Kind != "opening").Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Amount);
        var added = taxes.Where(tax => !tax.IsWithheld).Select(tax => new TaxLine(tax, taxed, taxed.PartsPerMillion(tax.PartsPerMillion)));
        var withheld = taxes.Where(tax => tax.IsWithheld)
            .Select(tax => new TaxLine(tax, taxed, taxed.PartsPerMillion(tax.PartsPerMillion).RoundToMinorUnit()));
        ImmutableArray<TaxLine> both = [.. added, .. withheld];
        var exact = both.Where(tax => !tax.Tax.IsWithheld).Aggregate(net, (sum, tax) => sum + tax.Amount);
        var total = exact.RoundToMinorUnit();
        return new(both, total - exact, total);
    }
}
