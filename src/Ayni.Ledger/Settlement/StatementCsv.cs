using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>The CSV view of a statement (RFC 4180): a header, its lines, the steps of its shares, then its totals.</summary>
public static class StatementCsv
{
    private const string Header =
        "period,status,party,name,role,row,model,app,agreement,service_period,receipts,prompt_tokens,cached_tokens,generated_tokens,"
        + "rejected_tokens,currency,gross,parts_per_million,amount,carry_in,earned,payable,carry_out,adapter,territory,returned,"
        + "agreement_name,share,step,detail,result,host,legal_name,tax_id,address,country";

    /// <summary>
    /// Lines of one statement. Texts that a spreadsheet would take for a formula begin with an apostrophe instead; numbers are exact and
    /// have a point in every culture.
    /// </summary>
    public static string ToCsv(this Statement statement) => ToCsv([statement]);

    /// <summary>Lines of several statements below one header.</summary>
    public static string ToCsv(IEnumerable<Statement> statements)
    {
        var csv = new StringBuilder(Header).Append("\r\n");
        foreach (var statement in statements)
            Append(csv, statement);
        return csv.ToString();
    }

    /// <summary>A text's cell (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe instead.</summary>
    public static string Cell(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
            text = $"'{text}";
        return text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static void Append(StringBuilder csv, Statement statement)
    {
        string[] head =
        [
            statement.Period.ToString(), statement.Status == StatementStatus.Final ? "final" : "estimate",
            Cell(statement.PartyId), Cell(statement.PartyName), statement.Role.Name(),
        ];
        string[] law = [Cell(statement.LegalName ?? ""), Cell(statement.TaxId ?? ""), Cell(statement.Address ?? ""), statement.Country ?? ""];
        foreach (var line in statement.Lines)
            Append(csv, [.. head, .. Cells(line), .. law]);
        foreach (var share in statement.Shares)
        {
            foreach (var step in share.Steps)
                Append(csv, [.. head, .. Cells(share, step), .. law]);
        }
        foreach (var total in statement.Totals)
            Append(csv, [.. head, .. Cells(total), .. law]);
    }

    private static string[] Cells(StatementLine line) =>
    [
        "line", Cell(line.Model), Cell(line.AppId ?? ""), Number(line.AgreementVersion), line.ServicePeriod.ToString(),
        Number(line.Receipts),
        Number(line.Counts.Prompt), Number(line.Counts.Cached), Number(line.Counts.Generated), Number(line.Counts.SpeculativeRejected),
        line.Currency.Code, line.Gross.Format(), line.PartsPerMillion is { } parts ? Number(parts) : "", line.Amount?.Format() ?? "",
        "", "", "", "", Cell(line.Adapter ?? ""), Cell(line.Territory ?? ""), line.Returned?.Format() ?? "", "", "", "", "", "",
        Cell(line.HostId ?? ""),
    ];

    private static string[] Cells(StatementShare share, EvaluationStep step) =>
    [
        "step", "", "", Number(share.AgreementVersion), "", "", "", "", "", "", share.Currency.Code, "", "", step.Amount.Format(), "", "", "", "",
        "", "", "", Cell(share.Agreement), Cell(share.Share ?? ""), step.Kind.Name(), Cell(step.Detail ?? ""), step.Result.Format(), "",
    ];

    private static string[] Cells(PartyTotal total) =>
    [
        "total", "", "", "", "", "", "", "", "", "", total.Currency.Code, "", "", "",
        total.CarryIn.Format(), total.Earned.Format(), total.Payable.Format(), total.CarryOut.Format(), "", "", "", "", "", "", "", "", "",
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Append(StringBuilder csv, string[] cells) => csv.AppendJoin(',', cells).Append("\r\n");
}
