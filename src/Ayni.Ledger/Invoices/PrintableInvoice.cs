namespace Ayni.Ledger;

/// <summary>A document with what its print shows beside it.</summary>
/// <param name="Invoice">The document.</param>
/// <param name="PayTo">
/// The account of the entity that issued an invoice, as it was known then; null where nothing is to be paid to it.
/// </param>
public sealed record PrintableInvoice(Invoice Invoice, BankDetails? PayTo);
