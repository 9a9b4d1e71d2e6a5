using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What could be paid now, and what waits.</summary>
/// <param name="Payouts">Without ids and entries: what a batch ordered now would hold.</param>
/// <param name="Held">What is payable and waits.</param>
public sealed record PayoutPlan(ImmutableArray<Payout> Payouts, ImmutableArray<HeldPayout> Held);
