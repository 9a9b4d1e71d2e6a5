using System.CommandLine;
using System.Globalization;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni ledger record</c>: what another engine served, a line of JSON a request.</summary>
internal static class RecordCommand
{
    /// <summary>Refused lines that are listed; the rest is counted.</summary>
    private const int MostListed = 1000;

    private static readonly Listing<RefusedLine> Refused = new(
        CliJson.Default.RefusedLine,
        new("line", line => Cells.Number(line.Line), IsNumber: true),
        new("id", line => line.Id),
        new("problem", line => line.Problem));

    private static readonly Listing<RecordSummary> Summaries = new(
        CliJson.Default.RecordSummary,
        new("recorded", summary => Cells.Number(summary.Recorded), IsNumber: true),
        new("known", summary => Cells.Number(summary.Known), IsNumber: true));

    public static Command Create()
    {
        var meter = new Option<string>("--meter")
        {
            Description = "The meter's key, of role meter, in whose series of numbers they are recorded.",
            HelpName = "ID",
            Required = true,
        };
        return LedgerCommand.Create(
            "record",
            """
            Record requests that another engine served, from standard input, a line of JSON each:

              {"id":"a1","key":"key_…","model":"llama","at":"2026-11-27T09:30:00Z","prompt":100,"cached":20,"generated":30}

            Optional: rejected, outcome (completed, cancelled), model_digest, adapter {"name","digest"}. The meter needs leave for each key:
            ayni key allow METER KEY. An event is at most 35 days old. Lines told before are recorded once, so a file may be sent again.
            Lines that are refused are listed, the others are recorded.

            Example:
              ayni ledger record --meter key_5v0t2vam3kq0 < usage.jsonl
            """,
            [meter],
            (books, result, output, cancellationToken) => RecordAsync(books, result.GetValue(meter)!, output, cancellationToken));
    }

    private static async Task RecordAsync(Books books, string meterId, Output output, CancellationToken cancellationToken)
    {
        var lines = new LineReader(Console.OpenStandardInput(), UsageEventReader.LongestLine);
        var refused = new List<RefusedLine>();
        var batch = new List<(long Line, UsageEvent Event)>();
        var (recorded, known, refusedCount, number) = (0L, 0L, 0L, 0L);
        while (await lines.ReadAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            number++;
            try
            {
                if (line.Length > 0)
                    batch.Add((number, UsageEventReader.ReadLine(line)));
            }
            catch (UsageEventException error)
            {
                Refuse(number, null, error);
            }
            if (batch.Count == UsageEvent.LargestBatch)
                await FlushAsync().ConfigureAwait(false);
        }
        await FlushAsync().ConfigureAwait(false);
        if (refusedCount == 0)
        {
            output.WriteOne(Summaries, new(recorded, known));
            return;
        }
        output.Write(Refused, refused.OrderBy(line => line.Line));
        throw new UsageException(string.Create(
            CultureInfo.InvariantCulture, $"{refusedCount} of {number} lines were refused; {recorded} were recorded and {known} had been before."));

        async Task FlushAsync()
        {
            var results = await books.RecordAsync(meterId, [.. batch.Select(item => item.Event)], cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < results.Count; i++)
            {
                if (results[i].Refused is { } refusal)
                    Refuse(batch[i].Line, batch[i].Event.Id, refusal);
                else if (results[i].IsNew)
                    recorded++;
                else
                    known++;
            }
            batch.Clear();
        }

        void Refuse(long line, string? id, LedgerException error)
        {
            if (refusedCount++ < MostListed)
                refused.Add(new(line, id, error.Message));
        }
    }
}

/// <summary>A line that was refused.</summary>
internal sealed record RefusedLine(long Line, string? Id, string Problem);

/// <summary>What became of lines that were recorded.</summary>
/// <param name="Recorded">Recorded now.</param>
/// <param name="Known">Recorded when they were told before.</param>
internal sealed record RecordSummary(long Recorded, long Known);
