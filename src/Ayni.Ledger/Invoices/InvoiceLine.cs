namespace Ayni.Ledger;

/// <summary>One line of an invoice.</summary>
/// <param name="Kind">What it is for: <c>usage</c>, <c>share</c> or the kind of an adjustment.</param>
/// <param name="Reference">The adjustment's own reference, if it is one.</param>
/// <param name="Model">The model used, if it is about one.</param>
/// <param name="AppId">The app its requests came from, if any.</param>
/// <param name="ServicePeriod">The month of the requests.</param>
/// <param name="Receipts">How many requests.</param>
/// <param name="Counts">Their tokens.</param>
/// <param name="Amount">What they cost, before tax.</param>
public sealed record InvoiceLine(
    string Kind, string? Reference, string? Model, string? AppId, Period ServicePeriod, long Receipts, TokenCounts Counts, Amount Amount);
