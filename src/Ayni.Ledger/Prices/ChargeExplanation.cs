using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>Why a request was charged what it was.</summary>
/// <param name="ReceiptId">Its receipt.</param>
/// <param name="PriceVersion">The price in force when it was let in.</param>
/// <param name="Before">What its customer had used in the month before it, of the model or of its plan; zero where the plan doesn't
/// count.</param>
/// <param name="Lines">What it used and at what rates.</param>
/// <param name="Charge">The exact sum of all quantities times their rates, rounded once, half to even, to 10⁻¹².</param>
public sealed record ChargeExplanation(
    string ReceiptId, long PriceVersion, MonthUse Before, ImmutableArray<ChargeLine> Lines, Amount Charge)
{
    /// <summary>What the charge is in.</summary>
    public Currency Currency => Charge.Currency;

    /// <summary>Finds the place of a receipt in its customer's month, if the charge depends on it, and by it how it was charged.</summary>
    internal static ChargeExplanation Of(Session session, Receipt receipt)
    {
        if (TermRows.Price(session, receipt.PriceVersion) is { Plan: { CountsUse: false } plan })
            return new(receipt.Id, receipt.PriceVersion, default, plan.Explain(receipt.Counts, receipt.Adapter?.Name, default), receipt.Charge);
        var replay = new PriceReplay(TermRows.Prices(session));
        (Price Price, MonthUse Before)? found = null;
        ReceiptRows.ForEachOfMonth(session, receipt.CustomerId, receipt.Period, Period.Last, each =>
        {
            if (found is null && replay.Next(each) is var next && each.Id == receipt.Id)
                found = next;
        });
        var (price, before) = found ?? throw Rows.Damaged($"receipt {receipt.Id} outside its customer's month");
        return new(
            receipt.Id, receipt.PriceVersion, before, price.Plan.Explain(receipt.Counts, receipt.Adapter?.Name, before), receipt.Charge);
    }
}

/// <summary>One quantity of a request at one rate.</summary>
/// <param name="What">What is counted, such as <c>output</c>, <c>output, step 2</c>, <c>input, free</c> or
/// <c>adapter poet, tokens</c>.</param>
/// <param name="Quantity">How many tokens or requests.</param>
/// <param name="Rate">What they cost …</param>
/// <param name="Per">… for so many.</param>
public sealed record ChargeLine(string What, long Quantity, Amount Rate, long Per);
