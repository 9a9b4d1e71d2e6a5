using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// The charges in prices' currencies that a closed month's invoices show as one line for each currency, converted to the customer's own.
/// </summary>
internal sealed class ConvertedCharges
{
    private readonly Dictionary<string, (Conversion Conversion, ImmutableArray<InvoiceLine> Charges)> _lines = new(StringComparer.Ordinal);

    /// <summary>Reads a closed month's; a pass over its receipts if anything was converted in it.</summary>
    public static ConvertedCharges Of(Session session, Period period)
    {
        var converted = new ConvertedCharges();
        var conversions = RateRows.Conversions(session, period);
        if (conversions.Count == 0)
            return converted;
        var charges = InvoiceDrafts.ChargesOf(session, period).ToDictionary(draft => (draft.Subject, draft.Currency), draft => draft.Lines);
        foreach (var conversion in conversions)
        {
            var lines = charges[(conversion.CustomerId, conversion.Owed.Currency)].Where(line => line.Model is not null);
            converted._lines.Add(conversion.Reference, (conversion, [.. lines]));
        }
        return converted;
    }

    /// <summary>Whether a line is charges that were converted to its currency.</summary>
    public bool Has(InvoiceLine line) => line.Kind == "conversion"
        && _lines.TryGetValue(line.Reference!, out var found) && found.Conversion.Converted.Currency == line.Amount.Currency;

    /// <summary>
    /// What an amount of a line is of each charge behind it, at the rate it was converted by, after as much of the line was taken back
    /// before. A model's line is itself; what is no charge is nothing. In whatever parts a line is taken back, all of it is all of each
    /// charge.
    /// </summary>
    public ImmutableArray<InvoiceLine> Behind(InvoiceLine line, Amount before)
    {
        if (line.Model is not null)
            return [line];
        if (!Has(line))
            return [];
        var (conversion, charges) = _lines[line.Reference!];
        var behind = ImmutableArray.CreateBuilder<InvoiceLine>(charges.Length);
        // Only sums are rounded, from the first charge to each, so that the charges' parts always add up to the line's.
        var charged = Amount.Zero(conversion.Owed.Currency);
        var taken = charged;
        foreach (var charge in charges)
        {
            charged += charge.Amount;
            var until = conversion.Back(charged, before + line.Amount) - conversion.Back(charged, before);
            behind.Add(charge with { Amount = until - taken, Receipts = 0, Counts = default });
            taken = until;
        }
        return behind.DrainToImmutable();
    }
}
