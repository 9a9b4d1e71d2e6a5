using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>What the tour came to, and whether it adds up.</summary>
internal sealed record TourOutcome(
    Period Period, IReadOnlyList<Receipt> Receipts, IReadOnlyList<Statement> Statements, IReadOnlyList<string> Findings)
{
    /// <summary>How the proofs went.</summary>
    public TourProofs Proofs { get; init; } = new(false, false);

    /// <summary>What the customers' receipts come to.</summary>
    public Amount Charged => Sum(Receipts.Select(receipt => receipt.Charge));

    /// <summary>What the parties are paid now.</summary>
    public Amount Payable => Sum(Totals.Select(total => total.Payable));

    /// <summary>What the parties keep for the next month, less what they had kept before.</summary>
    public Amount Carried => Sum(Totals.Select(total => total.CarryOut - total.CarryIn));

    /// <summary>What the parties earned.</summary>
    public Amount Earned => Sum(Totals.Select(total => total.Earned));

    /// <summary>Whether payables and carry add up to what was earned, and that to what was charged, exactly.</summary>
    public bool AddsUp =>
        Payable + Carried == Earned && Earned == Charged && Findings.Count == 0
        && Statements.All(statement => statement.Status == StatementStatus.Final);

    private IEnumerable<PartyTotal> Totals => Statements.SelectMany(statement => statement.Totals);

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("period", Period.ToString());
        writer.WritePropertyName("receipts");
        writer.WriteArray(Receipts, LedgerJson.Default.Receipt);
        writer.WritePropertyName("statements");
        writer.WriteArray(Statements, LedgerJson.Default.Statement);
        writer.WriteString("currency", Charged.Currency.Code);
        writer.WriteString("charged", Charged.Format());
        writer.WriteString("earned", Earned.Format());
        writer.WriteString("payable", Payable.Format());
        writer.WriteString("carried", Carried.Format());
        writer.WriteBoolean("adds_up", AddsUp);
        writer.WriteBoolean("proven", Proofs.AreProven);
        writer.WriteBoolean("tampering_refused", Proofs.TamperingIsRefused);
        writer.WriteEndObject();
    }

    private Amount Sum(IEnumerable<Amount> amounts) => amounts.Aggregate(Amount.Zero(Receipts[0].Currency), (sum, amount) => sum + amount);
}

/// <summary>Whether a receipt and a statement were proven, and changed copies of them refused.</summary>
internal sealed record TourProofs(bool AreProven, bool TamperingIsRefused);
