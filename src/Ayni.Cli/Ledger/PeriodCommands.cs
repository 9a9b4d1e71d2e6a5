using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni period</c>: the months, and their close.</summary>
internal static class PeriodCommands
{
    private static readonly Listing<PeriodState> Listing = new(
        LedgerJson.Default.PeriodState,
        new("period", state => state.Period.ToString()),
        new("status", state => state.Status.ToString().ToLowerInvariant()),
        new("ends", state => Cells.Instant(state.Ends)));

    public static Listing<PartyTotal> Totals { get; } = new(
        LedgerJson.Default.PartyTotal,
        new("party", total => total.PartyId),
        new("currency", total => total.Currency.Code),
        new("carry_in", total => total.CarryIn.Format(), IsNumber: true),
        new("earned", total => total.Earned.Format(), IsNumber: true),
        new("payable", total => total.Payable.Format(), IsNumber: true),
        new("carry_out", total => total.CarryOut.Format(), IsNumber: true));

    public static Command Create() => new("period", "The months, which close after their end.")
    {
        CreateClose(),
        LedgerCommand.Create(
            "list", "List the months with entries and how far they are.\n\nExample:\n  ayni period list", [], (books, _, output, _) =>
            {
                output.Write(Listing, books.ListPeriods());
                return Task.CompletedTask;
            }),
    };

    private static Command CreateClose()
    {
        var period = new Argument<string>("period") { Description = "The month, such as 2026-11." };
        return LedgerCommand.Create(
            "close",
            """
            Close a month after its end: share out what it earned, and make whole coins payable. Closing it again changes nothing. Refused
            while a host still answers requests of the month, or has not told for half a minute that it doesn't.

            Example:
              ayni period close 2026-11
            """,
            [period],
            async (books, result, output, cancellationToken) => output.Write(
                Totals,
                (await books.ClosePeriodAsync(Period.Parse(result.GetValue(period)!), cancellationToken).ConfigureAwait(false)).Totals));
    }
}
