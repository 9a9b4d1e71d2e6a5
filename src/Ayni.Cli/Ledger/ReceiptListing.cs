using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>How receipts are listed.</summary>
internal static class ReceiptListing
{
    public static Listing<Receipt> Full { get; } = new(
        LedgerJson.Default.Receipt,
        new("id", receipt => receipt.Id),
        new("admitted_at", receipt => Cells.Instant(receipt.AdmittedAt)),
        new("customer", receipt => receipt.CustomerId),
        new("key", receipt => receipt.KeyId),
        new("key_number", receipt => Cells.Number(receipt.KeyNumber), IsNumber: true),
        new("app", receipt => receipt.AppId),
        new("model", receipt => receipt.Model),
        new("prompt_tokens", receipt => Cells.Number(receipt.Counts.Prompt), IsNumber: true),
        new("cached_tokens", receipt => Cells.Number(receipt.Counts.Cached), IsNumber: true),
        new("generated_tokens", receipt => Cells.Number(receipt.Counts.Generated), IsNumber: true),
        new("outcome", receipt => receipt.Outcome.ToString().ToLowerInvariant()),
        new("charge", receipt => receipt.Charge.Format(), IsNumber: true),
        new("currency", receipt => receipt.Currency.Code));

    /// <summary>Every receipt that fits, page by page, so that a month of millions needs no memory.</summary>
    public static IEnumerable<Receipt> ReadAll(this Books books, ReceiptQuery query)
    {
        for (long? after = 0; after is { } start;)
        {
            var page = books.ListReceipts(query with { After = start, Limit = ReceiptQuery.LongestPage });
            foreach (var receipt in page.Receipts)
                yield return receipt;
            after = page.Next;
        }
    }
}
