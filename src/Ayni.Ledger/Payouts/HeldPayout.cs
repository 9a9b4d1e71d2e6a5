namespace Ayni.Ledger;

/// <summary>Why a party is not in a batch though something is payable to it.</summary>
/// <param name="PartyId">The party.</param>
/// <param name="Amount">What is payable.</param>
/// <param name="Reason">Why it waits.</param>
public sealed record HeldPayout(string PartyId, Amount Amount, string Reason)
{
    /// <summary>The amount's currency.</summary>
    public Currency Currency => Amount.Currency;
}
