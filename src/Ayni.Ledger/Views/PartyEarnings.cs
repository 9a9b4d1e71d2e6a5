using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a party earns in a month.</summary>
/// <param name="Period">The month.</param>
/// <param name="Status">An estimate until the month is closed.</param>
/// <param name="Totals">One for each currency.</param>
public sealed record MonthEarnings(Period Period, StatementStatus Status, ImmutableArray<PartyTotal> Totals);

/// <summary>What a party earns, month by month.</summary>
/// <param name="PartyId">The party.</param>
/// <param name="Months">The newest first.</param>
public sealed record PartyEarnings(string PartyId, ImmutableArray<MonthEarnings> Months);

/// <summary>A month and how far it is.</summary>
/// <param name="Period">The month.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Ends">The first instant after it.</param>
public sealed record PeriodState(Period Period, PeriodStatus Status, DateTimeOffset Ends);
