using System.CommandLine;
using Ayni.Ledger;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni ledger</c>: what was used, what was charged, who earned what.</summary>
internal static class LedgerCommands
{
    private static readonly Listing<Balance> Balances = new(
        LedgerJson.Default.Balance,
        new("account", balance => balance.Account.Name),
        new("currency", balance => balance.Currency.Code),
        new("debits", balance => balance.Debits.Format(), IsNumber: true),
        new("credits", balance => balance.Credits.Format(), IsNumber: true),
        new("net", balance => balance.Net.Format(), IsNumber: true));

    private static readonly Listing<Entry> OpeningEntries = new(
        LedgerJson.Default.Entry,
        new("number", entry => Cells.Number(entry.Number), IsNumber: true),
        new("period", entry => entry.Period.ToString()),
        new("reference", entry => entry.Reference),
        new("account", entry => entry.Postings[0].Account.Name),
        new("amount", entry => entry.Postings[0].Amount.Format(), IsNumber: true),
        new("currency", entry => entry.Postings[0].Currency.Code));

    private static readonly Listing<Attestation> Attestations = new(
        LedgerJson.Default.Attestation,
        new("number", attestation => Cells.Number(attestation.Number), IsNumber: true),
        new("at", attestation => Cells.Instant(attestation.At)),
        new("actor", attestation => attestation.Actor),
        new("subject", attestation => attestation.Subject),
        new("affirmed", attestation => attestation.IsAffirmed ? "yes" : "no"),
        new("statement", attestation => attestation.Statement));

    private static readonly Listing<OperatorAction> Actions = new(
        LedgerJson.Default.OperatorAction,
        new("number", action => Cells.Number(action.Number), IsNumber: true),
        new("at", action => Cells.Instant(action.At)),
        new("actor", action => action.Actor),
        new("action", action => action.Action),
        new("subject", action => action.Subject),
        new("before", action => action.Before?.ToString()),
        new("after", action => action.After?.ToString()));

    private static readonly Listing<Adjustment> Adjustments = new(
        LedgerJson.Default.Adjustment,
        new("number", adjustment => adjustment.Number == 0 ? null : Cells.Number(adjustment.Number), IsNumber: true),
        new("type", adjustment => adjustment.Type.Name()),
        new("customer", adjustment => adjustment.CustomerId),
        new("subject", adjustment => adjustment.Subject),
        new("service_period", adjustment => adjustment.ServicePeriod.ToString()),
        new("amount", adjustment => adjustment.Amount.Format(), IsNumber: true),
        new("currency", adjustment => adjustment.Currency.Code),
        new("explanation", adjustment => adjustment.Explanation));

    private static readonly Listing<ChargeLine> ChargeLines = new(
        LedgerJson.Default.ChargeLine,
        new("what", line => line.What),
        new("quantity", line => Cells.Number(line.Quantity), IsNumber: true),
        new("rate", line => line.Rate.Format(), IsNumber: true),
        new("per", line => Cells.Number(line.Per), IsNumber: true),
        new("currency", line => line.Rate.Currency.Code));

    private static readonly Listing<Finding> Findings = new(
        CliJson.Default.Finding, new Column<Finding>("finding", finding => finding.Text));

    private static readonly Listing<ZoneRow> Zones = new(CliJson.Default.ZoneRow, new Column<ZoneRow>("zone", row => row.Zone));

    private static readonly Listing<StatementReceipt> StatementReceipts = new(
        CliJson.Default.StatementReceipt,
        new("line", row => Cells.Number(row.Line), IsNumber: true),
        new("receipt", row => row.Receipt),
        new("admitted_at", row => row.AdmittedAt),
        new("prompt_tokens", row => Cells.Number(row.PromptTokens), IsNumber: true),
        new("cached_tokens", row => Cells.Number(row.CachedTokens), IsNumber: true),
        new("generated_tokens", row => Cells.Number(row.GeneratedTokens), IsNumber: true),
        new("charge", row => row.Charge, IsNumber: true),
        new("currency", row => row.Currency));

    public static Command Create() => new("ledger", "What was used, what it cost, who earned what.")
    {
        CreateBalance(),
        CreateReceipts(),
        CreateStatement(),
        DeductionCommands.CreateDeduct(),
        DeductionCommands.CreateDeductions(),
        DeductionCommands.CreateCollect(),
        DeductionCommands.CreateCollections(),
        CreateAudit(),
        EntityCommands.CreateEntity(),
        EntityCommands.CreateBilling(),
        InvoiceCommands.Create(),
        PaymentCommands.Create(),
        PayoutCommands.Create(),
        BankCommands.Create(),
        ProposalCommands.Create(),
        WebhookCommands.Create(),
        ExportCommand.Create(),
        CreateBackup(),
        CreateErase(),
        CreateActions(),
        CreateImport(),
        CreateAttest(),
        SubscriptionCommands.Create(),
        CreditCommands.Create(),
        RateCommands.Create(),
        CreateAdjustments(),
        CreateWhy(),
        CreateZone(),
        RecordCommand.Create(),
        ObjectionCommands.Create(),
        LimitCommands.CreateLimit(),
        LimitCommands.CreateList(),
    };

    private static Command CreateBalance()
    {
        var party = Party("Only this party's accounts.");
        var period = PeriodOption.Create("Only what this month's entries moved.");
        var at = new Option<string?>("--at") { Description = "As of the end of this day, or this instant.", HelpName = "DAY" };
        return LedgerCommand.Create(
            "balance",
            """
            Show what every account of the journal has come to. Debits less credits: what is positive is owed to the host, what is
            negative the host owes.

            Examples:
              ayni ledger balance --period 2026-11
              ayni ledger balance --at 2026-12-31
            """,
            [period, party, at],
            (books, result, output, _) =>
            {
                var partyId = result.GetValue(party);
                if (result.GetValue(at) is { } moment)
                {
                    if (result.GetValue(period) is not null)
                        throw new UsageException("Give --period or --at, not both.");
                    output.Write(Balances, books.Balances(Cells.ParseEnd(moment, books.Zone), partyId));
                    return Task.CompletedTask;
                }
                output.Write(Balances, result.GetValue(period) is { } month
                    ? PeriodBalances.Of(books, Period.Parse(month), partyId)
                    : books.Balances(partyId));
                return Task.CompletedTask;
            });
    }

    private static Command CreateReceipts()
    {
        var period = PeriodOption.Create("Only those that count in this month.");
        var key = new Option<string?>("--key") { Description = "Only those of this key.", HelpName = "ID" };
        var customer = new Option<string?>("--customer") { Description = "Only those of this customer.", HelpName = "ID" };
        return LedgerCommand.Create(
            "receipts",
            """
            List receipts, newest last: one for each request served.

            Example:
              ayni ledger receipts --period 2026-11 --json
            """,
            [period, key, customer],
            (books, result, output, _) =>
            {
                Period? month = result.GetValue(period) is { } text ? Period.Parse(text) : null;
                output.Write(ReceiptListing.Full, books.ReadAll(new(month, result.GetValue(key), result.GetValue(customer))));
                return Task.CompletedTask;
            });
    }

    private static Command CreateAdjustments()
    {
        var period = PeriodOption.Create("The month.");
        period.Required = true;
        return LedgerCommand.Create(
            "adjustments",
            """
            List what a month comes to beside its requests' charges: volume true-ups, remainders of packages, subscriptions, minimums,
            expired credits. An estimate until the month is closed.

            Example:
              ayni ledger adjustments --period 2026-11 --json
            """,
            [period],
            (books, result, output, _) =>
            {
                output.Write(Adjustments, books.ListAdjustments(Period.Parse(result.GetValue(period)!)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateWhy()
    {
        var receipt = new Argument<string>("receipt") { Description = "A receipt's id, or its request's." };
        return LedgerCommand.Create(
            "why",
            """
            Show why a request was charged what it was: what it used, what was free, and at what rates. Quantities times rates add up to the
            charge, which is rounded once to 10⁻¹².

            Example:
              ayni ledger why rcp_01kb1v3w9hq2m7n8p4r5s6t7v8
            """,
            [receipt],
            (books, result, output, _) =>
            {
                var explanation = books.ExplainCharge(result.GetValue(receipt)!)
                    ?? throw new UsageException($"There is no receipt '{result.GetValue(receipt)}'.");
                if (output.Format == OutputFormat.Json)
                    Output.WriteJson(writer => System.Text.Json.JsonSerializer.Serialize(writer, explanation, LedgerJson.Default.ChargeExplanation));
                else
                    output.Write(ChargeLines, explanation.Lines.Append(new("charge", 1, explanation.Charge, 1)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateStatement()
    {
        var period = PeriodOption.Create("The month.");
        period.Required = true;
        var party = Party("The party; every one if not given.");
        var html = new Option<string?>("--html")
        {
            Description = $"Print a web page for printing, in a language: {string.Join(", ", StatementLanguage.All.Select(language => language.Code))}.",
            HelpName = "LANGUAGE",
        };
        var receipts = new Option<bool>("--receipts") { Description = "List the receipts of each line instead: what was asked, never by whom." };
        return LedgerCommand.Create(
            "statement",
            """
            Show what a month comes to for a party, or for every one: an estimate until the month is closed, then final. JSON is an array
            of statements.

            Examples:
              ayni ledger statement --period 2026-11 --party pty_7m3kq0x9t2va --csv
              ayni ledger statement --period 2026-11 --html ar > statements.html
              ayni ledger statement --period 2026-11 --party pty_7m3kq0x9t2va --receipts
            """,
            [period, party, html, receipts],
            (books, result, output, _) =>
            {
                if (result.GetValue(receipts))
                {
                    if (result.GetValue(html) is not null || result.GetValue(party) is null)
                        throw new UsageException("--receipts opens one statement: give --party, and not --html.");
                    var opened = new List<StatementReceipt>();
                    books.OpenStatement(
                        Period.Parse(result.GetValue(period)!), result.GetValue(party)!, (line, receipt) => opened.Add(StatementReceipt.Of(line, receipt)));
                    output.Write(StatementReceipts, opened.OrderBy(row => row.Line));
                    return Task.CompletedTask;
                }
                var language = result.GetValue(html) is { } code ? FindLanguage(code, output.Format) : null;
                var month = Period.Parse(result.GetValue(period)!);
                IReadOnlyList<Statement> statements =
                    result.GetValue(party) is { } partyId ? [books.Statement(month, partyId)] : books.Statements(month);
                var objections = books.ListObjections(month);
                if (language is null)
                    Write(statements, objections, output.Format);
                else
                    Output.WriteText(writer => writer.Write(StatementHtml.ToHtml(statements, language, objections)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateActions()
    {
        var subject = new Option<string?>("--subject") { Description = "Only what was done to this party, customer, key, …", HelpName = "ID" };
        return LedgerCommand.Create(
            "actions",
            """
            List what operators changed, newest last: when, which key or command did it, and the digests of what was there before and after.

            Example:
              ayni ledger actions --subject key_7m3kq0x9t2va
            """,
            [subject],
            (books, result, output, _) =>
            {
                output.Write(Actions, ReadActions(books, result.GetValue(subject)));
                return Task.CompletedTask;
            });
    }

    private static Command CreateImport()
    {
        var file = new Argument<string>("file") { Description = "Comma-separated values: reference,account,currency,amount." };
        var month = new Option<string?>("--at-end-of")
        {
            Description = "The month at whose end the balances stood; the last one if not given.",
            HelpName = "YYYY-MM",
        };
        return LedgerCommand.CreateFirst(
            "import",
            """
            Enter what accounts had come to before this ledger: of customer:ID:receivable, party:ID:carry, party:ID:payable and bank, where a
            debit is positive (owed to the host) and a credit negative. A file is entered as a whole or not at all; importing it again changes
            nothing. Lists the entries that are new.

            Example:
              ayni ledger import balances.csv --at-end-of 2026-10
            """,
            [file, month],
            async (books, result, output, cancellationToken) =>
            {
                var path = result.GetValue(file)!;
                if (!File.Exists(path))
                    throw new UsageException($"There is no file {path}.");
                using var reader = new StreamReader(path);
                Period? period = result.GetValue(month) is { } text ? Period.Parse(text) : null;
                var entries = await books.EnterOpeningBalancesAsync(OpeningBalance.ReadCsv(reader), period, cancellationToken).ConfigureAwait(false);
                output.Write(OpeningEntries, entries);
            });
    }

    private static Command CreateAttest()
    {
        const string Below = "below", Above = "above";
        var licence = new Argument<string>("licence") { Description = $"The licence: {string.Join(", ", Licence.All.Select(known => known.Id))}." };
        var users = new Option<string>("--users")
        {
            Description = $"Whether you and your affiliates had at most 700 million monthly active users then ('{Below}') or more ('{Above}').",
            HelpName = $"{Below}|{Above}",
            Required = true,
        };
        var statement = new Option<string>("--statement") { Description = "Who states it and on what grounds.", HelpName = "TEXT", Required = true };
        return LedgerCommand.CreateFirst(
            "attest",
            """
            State how many users you had in the calendar month before the release of a licence's models, as the licence asks. The statement
            is kept for ever; a later one takes its place.

            Example:
              ayni ledger attest llama3.1 --users below --statement "Ayllu Ltd, founded 2026; B. Quispe, director"
            """,
            [licence, users, statement],
            async (books, result, output, cancellationToken) =>
            {
                var terms = Licence.Find(result.GetValue(licence)) ?? throw new UsageException(
                    $"There is no licence '{result.GetValue(licence)}'; there are {string.Join(", ", Licence.All.Select(known => known.Id))}.");
                if (result.GetValue(users) is not (Below or Above))
                    throw new UsageException($"--users is {Below} or {Above}.");
                output.WriteOne(Attestations, await books.AttestAsync(
                    Attestation.MonthlyUsers(terms.Id), result.GetValue(users) == Below, result.GetValue(statement)!, cancellationToken).ConfigureAwait(false));
            });
    }

    private static IEnumerable<OperatorAction> ReadActions(Books books, string? subject)
    {
        for (long? after = 0; after is { } start;)
        {
            var page = books.ListActions(subject, start, ReceiptQuery.LongestPage);
            foreach (var action in page.Actions)
                yield return action;
            after = page.Next;
        }
    }

    private static Command CreateAudit() => LedgerCommand.Create(
        "audit",
        """
        Check the whole ledger against itself: entries balanced, totals those of their postings, each key's receipts numbered without
        gaps and chained, charges those of their receipts. Lists what is wrong, and fails if anything is.

        Example:
          ayni ledger audit
        """,
        [],
        (books, _, output, _) =>
        {
            var findings = books.Audit();
            output.Write(Findings, findings.Select(text => new Finding(text)));
            return findings.Count == 0
                ? Task.CompletedTask
                : throw new UsageException($"The ledger does not agree with itself in {findings.Count} places.");
        });

    private static Command CreateBackup()
    {
        var file = new Argument<string>("file") { Description = "The file to make; it must not be there yet." };
        return LedgerCommand.Create(
            "backup",
            """
            Copy a ledger that is a SQLite file, while hosts go on writing to it. To restore it, end the hosts and put the copy where
            ledger.db was, without the ledger.db-wal and ledger.db-shm beside it. A PostgreSQL ledger is backed up by pg_dump.

            Example:
              ayni ledger backup ledger-2026-11-30.db
            """,
            [file],
            (books, result, _, _) =>
            {
                books.BackUp(result.GetValue(file)!);
                return Task.CompletedTask;
            });
    }

    private static Command CreateErase()
    {
        var customer = new Argument<string>("customer") { Description = "The customer's id; it must be revoked." };
        return LedgerCommand.Create(
            "erase",
            """
            Destroy the secret under which a customer's receipts are committed to. The sums and everybody else's proofs stay; nobody can show any
            more which leaves were this customer's. What the books must keep by law stays in the books. This can't be undone.

            Example:
              ayni customer revoke cus_7m3kq0x9t2va && ayni ledger erase cus_7m3kq0x9t2va
            """,
            [customer],
            async (books, result, _, cancellationToken) =>
            {
                await books.EraseCustomerSecretAsync(result.GetValue(customer)!, cancellationToken).ConfigureAwait(false);
                Console.Out.WriteLine($"{result.GetValue(customer)}: nobody can open its receipts' commitments any more.");
            });
    }

    private static Command CreateZone()
    {
        var zone = new Argument<string?>("zone") { Description = "The IANA name of a place, or UTC.", Arity = ArgumentArity.ZeroOrOne };
        return LedgerCommand.CreateFirst(
            "zone",
            """
            Show the zone whose days and months are the ledger's, or choose it before the first receipt.

            Example:
              ayni ledger zone Africa/Nairobi
            """,
            [zone],
            async (books, result, output, cancellationToken) =>
            {
                var chosen = result.GetValue(zone) is { } id
                    ? await books.SetZoneAsync(id, cancellationToken).ConfigureAwait(false)
                    : books.Zone;
                output.WriteOne(Zones, new ZoneRow(chosen.Id));
            });
    }

    private static Option<string?> Party(string description) => new("--party") { Description = description, HelpName = "ID" };

    /// <summary>The language that <c>--html</c> names.</summary>
    public static StatementLanguage FindLanguage(string code, OutputFormat format)
    {
        if (format != OutputFormat.Table)
            throw new UsageException("Give one of --html, --json and --csv.");
        return StatementLanguage.Find(code) ?? throw new UsageException(
            $"--html {code}: pages are printed in {string.Join(", ", StatementLanguage.All.Select(language => language.Code))}.");
    }

    private static void Write(IReadOnlyList<Statement> statements, IReadOnlyList<Objection> objections, OutputFormat format)
    {
        switch (format)
        {
            case OutputFormat.Json:
                Output.WriteJson(writer => writer.WriteArray(statements, LedgerJson.Default.Statement));
                break;
            case OutputFormat.Csv:
                Output.WriteText(writer => StatementView.WriteCsv(statements, writer));
                break;
            default:
                foreach (var statement in statements)
                    StatementView.Write(statement, objections, Terminal.Console);
                break;
        }
    }
}

/// <summary>The zone of a ledger.</summary>
internal sealed record ZoneRow(string Zone);

/// <summary>A receipt of a statement's line, without its customer.</summary>
internal sealed record StatementReceipt(
    int Line, string Receipt, string AdmittedAt, long PromptTokens, long CachedTokens, long GeneratedTokens, string Charge, string Currency)
{
    public static StatementReceipt Of(int line, Receipt receipt) => new(
        line, receipt.Id, Cells.Instant(receipt.AdmittedAt), receipt.Counts.Prompt, receipt.Counts.Cached, receipt.Counts.Generated,
        receipt.Charge.Format(), receipt.Currency.Code);
}

/// <summary>Something wrong in the ledger.</summary>
internal sealed record Finding(string Text);
