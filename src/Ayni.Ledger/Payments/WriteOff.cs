namespace Ayni.Ledger;

/// <summary>A claim given up, or taken up again; recorded once and never changed.</summary>
/// <param name="Id"><c>wof_…</c></param>
/// <param name="Invoice">The invoice's number.</param>
/// <param name="Amount">What was given up, more than nothing.</param>
/// <param name="Reason">Why.</param>
/// <param name="Recorded">When it was recorded.</param>
/// <param name="Reverses">The write-off that this takes back, if it does.</param>
/// <param name="Entry">The number of its entry in the journal.</param>
public sealed record WriteOff(
    string Id, string Invoice, Amount Amount, string Reason, DateTimeOffset Recorded, string? Reverses, long Entry)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;

    /// <summary>What it adds to what was given up.</summary>
    internal Amount GivenUp => Reverses is null ? Amount : -Amount;
}
