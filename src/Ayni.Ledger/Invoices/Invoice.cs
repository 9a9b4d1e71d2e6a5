using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// An invoice, a credit note or a self-billing document: issued once, numbered without gaps in its series and never changed. Its lines, its
/// taxes and its rounding add up to its total, which is whole minor units. A credit note's amounts are positive and reduce its invoice.
/// </summary>
public sealed record Invoice
{
    /// <summary>Entity, series, year and place in it, such as <c>AYNI-2026-000001</c>.</summary>
    public required string Number { get; init; }

    /// <summary>What it is.</summary>
    public required InvoiceKind Kind { get; init; }

    /// <summary>The entity of the ledger's operator.</summary>
    public required BillingDetails Entity { get; init; }

    /// <summary>The customer or party.</summary>
    public required BillingDetails Recipient { get; init; }

    /// <summary>The month it is for; a credit note's is its invoice's.</summary>
    public required Period Period { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>The day it was issued, in the ledger's zone.</summary>
    public DateOnly IssuedOn => Kind == InvoiceKind.CreditNote ? Due : Due.AddDays(-Recipient.DueDays);

    /// <summary>The last day to pay, in the ledger's zone.</summary>
    public required DateOnly Due { get; init; }

    /// <summary>What it is for.</summary>
    public required ImmutableArray<InvoiceLine> Lines { get; init; }

    /// <summary>Its taxes, those withheld last.</summary>
    public required ImmutableArray<TaxLine> Taxes { get; init; }

    /// <summary>What makes the total whole minor units; less than one of them.</summary>
    public required Amount Rounding { get; init; }

    /// <summary>Lines, taxes that are added, and rounding.</summary>
    public required Amount Total { get; init; }

    /// <summary>The invoice that a credit note credits.</summary>
    public string? Credits { get; init; }

    /// <summary>Why a credit note was issued.</summary>
    public string? Reason { get; init; }

    /// <summary>The number of its entry in the journal.</summary>
    public required long Entry { get; init; }

    /// <summary>The currency of all amounts.</summary>
    public Currency Currency => Total.Currency;

    /// <summary>The lines' sum.</summary>
    public Amount Net => Lines.Aggregate(Amount.Zero(Currency), (sum, line) => sum + line.Amount);

    /// <summary>The sum of the taxes that are added.</summary>
    public Amount TaxTotal => Taxes.Where(tax => !tax.Tax.IsWithheld).Aggregate(Amount.Zero(Currency), (sum, tax) => sum + tax.Amount);

    /// <summary>The sum of the taxes withheld.</summary>
    public Amount Withheld => Taxes.Where(tax => tax.Tax.IsWithheld).Aggregate(Amount.Zero(Currency), (sum, tax) => sum + tax.Amount);

    /// <summary>What is to be paid: the total less what is withheld.</summary>
    public Amount Payable => Total - Withheld;

    /// <summary>Two invoices are equal if all they say is.</summary>
    public bool Equals(Invoice? other) =>
        other is not null && Number == other.Number && Kind == other.Kind && Entity == other.Entity && Recipient == other.Recipient
        && Period == other.Period && Issued == other.Issued && Due == other.Due && Rounding == other.Rounding && Total == other.Total
        && Credits == other.Credits && Reason == other.Reason && Entry == other.Entry && Lines.SequenceEqual(other.Lines)
        && Taxes.SequenceEqual(other.Taxes);

    /// <inheritdoc/>
    public override int GetHashCode() => Number.GetHashCode(StringComparison.Ordinal);
}
