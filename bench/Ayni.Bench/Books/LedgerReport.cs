namespace Ayni.Bench;

/// <summary>What posting came to.</summary>
/// <param name="Database">Where the ledger was.</param>
/// <param name="Keys">Keys that receipts were posted under, each of a customer of its own with a spending limit.</param>
/// <param name="Clients">Clients at a time, each of which waits for its receipt to be on disk before it asks again.</param>
/// <param name="Postings">Postings of each receipt.</param>
/// <param name="Receipts">Receipts posted, each with its reservation.</param>
/// <param name="Seconds">In so long.</param>
/// <param name="PerSecond">Durable receipts a second.</param>
/// <param name="ProcessorMicroseconds">Of this process, a receipt.</param>
/// <param name="Latency">From the call that posts to its return.</param>
/// <param name="Flushes">Transactions that waited for the disk.</param>
/// <param name="Growth">How the rate went as the ledger grew.</param>
/// <param name="Close">What closing the month came to, if it was asked for.</param>
/// <param name="AuditFindings">What the audit found, if it was asked for.</param>
internal sealed record LedgerReport(
    string Database, int Keys, int Clients, int Postings, long Receipts, double Seconds, double PerSecond, double ProcessorMicroseconds,
    Quantiles Latency, long Flushes, IReadOnlyList<LedgerGrowth> Growth, LedgerClose? Close, IReadOnlyList<string>? AuditFindings);

/// <summary>The rate while the ledger grew to a size.</summary>
internal sealed record LedgerGrowth(long Receipts, double PerSecond, double ProcessorMicroseconds);

/// <summary>The close of a month.</summary>
/// <param name="Seconds">How long it took.</param>
/// <param name="PeakResidentBytes">The most memory the process held meanwhile, by what the system counts as resident.</param>
internal sealed record LedgerClose(double Seconds, long PeakResidentBytes);
