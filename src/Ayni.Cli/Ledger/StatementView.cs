using Ayni.Ledger;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary>A statement as people read it: who it is for, what it earned and of what, what is paid now and what is carried on.</summary>
internal static class StatementView
{
    private static readonly Listing<StatementLine> Lines = new(
        LedgerJson.Default.StatementLine,
        new("model", line => line.Model),
        new("app", line => line.AppId),
        new("agreement", line => Cells.Number(line.AgreementVersion), IsNumber: true),
        new("month", line => line.ServicePeriod.ToString()),
        new("requests", line => Cells.Number(line.Receipts), IsNumber: true),
        new("tokens_in", line => Cells.Number(line.Counts.Prompt + line.Counts.Cached), IsNumber: true),
        new("tokens_out", line => Cells.Number(line.Counts.Generated), IsNumber: true),
        new("charged", line => line.Gross.Format(), IsNumber: true),
        new("share", line => line.PartsPerMillion is { } parts ? Cells.Percent(parts) : null, IsNumber: true),
        new("earned", line => line.Amount?.Format(), IsNumber: true),
        new("currency", line => line.Currency.Code));

    private static readonly Listing<EvaluationStep> Steps = new(
        LedgerJson.Default.EvaluationStep,
        new("step", step => step.Kind.Name().Replace('_', ' ')),
        new("by", step => step.Detail),
        new("amount", step => step.Amount.Format(), IsNumber: true),
        new("leaves", step => step.Result.Format(), IsNumber: true));

    /// <summary>Writes a statement, and the objections of its party to it.</summary>
    public static void Write(Statement statement, IReadOnlyList<Objection> objections, IAnsiConsole console)
    {
        var status = statement.Status == StatementStatus.Final ? "final" : "an estimate until the month is closed";
        console.Write(
            new Text($"{statement.PartyName}, {statement.Role.Name()} ({statement.PartyId})", new Style(decoration: Decoration.Bold)));
        console.WriteLine();
        console.Write(new Text($"Statement for {statement.Period}, {status}."));
        console.WriteLine();
        if (statement.Totals.IsEmpty)
        {
            console.Write(new Text("Nothing was earned."));
            console.WriteLine();
        }
        else
        {
            Lines.WriteTable(statement.Lines, console);
        }
        foreach (var share in statement.Shares)
        {
            console.Write(new Text(
                $"{share.Agreement} ({share.AgreementVersion}), {share.Share ?? "what the collector keeps"}: {share.Amount}"));
            console.WriteLine();
            Steps.WriteTable(share.Steps, console);
        }
        foreach (var total in statement.Totals)
            console.Write(new Text(
                $"  carried in {total.CarryIn} + earned {total.Earned} = payable {total.Payable} + carried on {total.CarryOut}\n"));
        if (objections.Any(statement.IsDisputedBy))
            ObjectionCommands.Listing.WriteTable(objections.Where(statement.IsDisputedBy), console);
        console.WriteLine();
    }

    /// <summary>Statements as one table of comma-separated values: the ledger's own view, its header once.</summary>
    public static void WriteCsv(IReadOnlyList<Statement> statements, TextWriter writer) => writer.Write(StatementCsv.ToCsv(statements));
}
