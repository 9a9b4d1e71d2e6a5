namespace Ayni.Bench;

/// <summary>What metering costs a request whose answer takes no time.</summary>
/// <param name="Database">Where the ledger was.</param>
/// <param name="Keys">Keys that the requests came by, each of a customer with a spending limit.</param>
/// <param name="PerSecond">Requests a second, metered or not.</param>
/// <param name="Without">From the instant a request was due to its answer, with metering off.</param>
/// <param name="With">The same, metered: let in, reserved, posted, on disk.</param>
/// <param name="Flush">What one flush of the disk takes by itself.</param>
internal sealed record MeteringReport(string Database, int Keys, int PerSecond, Quantiles Without, Quantiles With, Quantiles Flush)
{
    public double MedianCostSeconds => With.MedianSeconds - Without.MedianSeconds;

    public double P99CostSeconds => With.P99Seconds - Without.P99Seconds;
}
