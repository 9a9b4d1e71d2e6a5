using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The commands that invoice, take in and pay out, on a ledger no host runs on.</summary>
public sealed class MoneyCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => _folder.PathOf("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_closed_month_is_invoiced_paid_credited_and_exported()
    {
        var (month, customer) = await UseLastMonthAsync();
        await CommandAsync("period", "close", month);
        (await RunAsync("ledger", "invoice", "issue", month)).Failed("No legal entity");
        await CommandAsync("ledger", "entity", "set", "AYNI", "--name", "Ayni GmbH", "--country", "DE");
        var details = (await CommandAsync(
            "ledger", "billing", "set", customer, "--name", "=Rumi SL", "--tax", "VAT=21%", "--days", "30", "--json")).Json;
        Assert.Equal(210_000, details.GetProperty("taxes")[0].GetProperty("parts_per_million").GetInt32());

        var issued = await CommandAsync("ledger", "invoice", "issue", month, "--json");
        Assert.Equal(issued.Output, (await CommandAsync("ledger", "invoice", "issue", month, "--json")).Output);
        var invoice = (await CommandAsync("ledger", "invoice", "list", "--period", month, "--json")).Json[0];
        var number = invoice.GetProperty("number").GetString()!;
        Assert.Equal("122.21", invoice.GetProperty("total").GetString()); // 101.00 and 21 %
        Assert.Contains("'=Rumi SL", (await CommandAsync("ledger", "invoice", "list", "--csv")).Output, StringComparison.Ordinal);

        string[] pay = ["ledger", "payment", "record", customer, "100", "--reference", "r1", "--date", "2026-12-01", "--json"];
        Assert.Equal((await CommandAsync(pay)).Output, (await CommandAsync(pay)).Output);
        var file = _folder.PathOf("bank.csv");
        await File.WriteAllTextAsync(file, $"bank_reference,date,amount,currency,invoice\nr2,2026-12-02,22.21,USD,{number}\n");
        await CommandAsync("ledger", "payment", "import", file);
        await CommandAsync("ledger", "payment", "import", file);
        Assert.Empty((await CommandAsync("ledger", "invoice", "open", "--json")).Json.EnumerateArray());
        await CommandAsync("ledger", "invoice", "credit", number, "--line", "1=1.00", "--reason", "slow");
        (await RunAsync("ledger", "payment", "refund", customer, "1.22", "--reference", "r3", "--date", "2026-12-03")).Failed("1.21 USD");
        await CommandAsync("ledger", "payment", "refund", customer, "1.21", "--reference", "r3", "--date", "2026-12-03");

        Assert.Equal("1.21", (await CommandAsync("ledger", "invoice", "list", "--kind", "credit-note", "--json")).Json[0].GetProperty("total").GetString());
        var page = (await CommandAsync("ledger", "invoice", "print", number, "--html", "fa")).Output;
        Assert.Contains("dir=\"rtl\"", page, StringComparison.Ordinal);
        Assert.Equal(page, (await CommandAsync("ledger", "invoice", "print", number, "--html", "fa")).Output);
        Assert.Contains($"{number},invoice,", (await CommandAsync("ledger", "invoice", "print", "--period", month, "--csv")).Output, StringComparison.Ordinal);
        (await RunAsync("ledger", "invoice", "print")).Failed("Name an invoice");
        Assert.Equal("0.00", (await CommandAsync("ledger", "invoice", "accounts", "--json")).Json[0].GetProperty("credit").GetString());

        var export = (await CommandAsync("ledger", "export")).Lines;
        Assert.Equal(JournalCsv.Header.TrimEnd(), export[0]);
        Assert.Contains(export, line => line.Contains(",refund,pay_", StringComparison.Ordinal));
        Assert.Empty((await CommandAsync("ledger", "balance", "--at", "2000-01-01", "--json")).Json.EnumerateArray());
        Assert.Equal(
            (await CommandAsync("ledger", "balance", "--json")).Output,
            (await CommandAsync("ledger", "balance", "--at", "2990-01-01", "--json")).Output);
        (await CommandAsync("ledger", "audit")).Succeeded();
    }

    [Fact]
    public async Task A_credit_is_given_back_in_the_month_of_its_sale_and_by_a_credit_note_later()
    {
        var (month, customer) = await UseLastMonthAsync();
        string invoiced;
        await using (var books = Books.Open(Path.Combine(Data, "ledger.db"), new StoppedClock(Period.Parse(month).Start.AddDays(21))))
            invoiced = (await books.BuyCreditAsync(customer, Amount.Parse("5", Currency.Parse("USD")), "bard")).Id;
        var open = (await CommandAsync("ledger", "credit", "sell", customer, "4", "--model", "bard", "--json")).Json.GetProperty("id").GetString()!;
        string[] giveBack = ["ledger", "credit", "return", open, "--reason", "a slip", "--reference", "r1", "--json"];
        var returned = await CommandAsync(giveBack);
        Assert.Equal(("4.00", false), (returned.Json.GetProperty("amount").GetString(), returned.Json.TryGetProperty("note", out _)));
        Assert.Equal(returned.Output, (await CommandAsync(giveBack)).Output);
        (await RunAsync("ledger", "credit", "return", open, "--reason", "again")).Failed("Nothing of");
        Assert.Equal("-5.00", await DeferredAsync());

        await CommandAsync("period", "close", month);
        (await RunAsync("ledger", "credit", "return", invoiced, "--reason", "leaves")).Failed("is on no invoice yet");
        await CommandAsync("ledger", "entity", "set", "AYNI", "--name", "Ayni GmbH");
        await CommandAsync("ledger", "billing", "set", customer, "--name", "Rumi SL", "--tax", "VAT=21%");
        await CommandAsync("ledger", "invoice", "issue", month);
        var note = (await CommandAsync("ledger", "credit", "return", invoiced, "--reason", "leaves", "--json")).Json;
        Assert.Equal(
            ("5.00", "6.05"), (note.GetProperty("amount").GetString(), note.GetProperty("note").GetProperty("total").GetString())); // 21 %
        Assert.Equal("0.00", await DeferredAsync());
        (await CommandAsync("ledger", "audit")).Succeeded();

        async Task<string> DeferredAsync() => (await CommandAsync("ledger", "balance", "--json")).Json.EnumerateArray()
            .Single(balance => balance.GetProperty("account").GetString() == $"deferred:{customer}").GetProperty("net").GetString()!;
    }

    [Fact]
    public async Task Parties_are_paid_by_a_file_that_two_keys_agreed_to()
    {
        var (month, _) = await UseLastMonthAsync();
        await CommandAsync("period", "close", month);
        await CommandAsync("ledger", "entity", "set", "AYNI", "--name", "Ayni GmbH");
        var host = (await CommandAsync("party", "list", "--json")).Json[0].GetProperty("id").GetString()!;
        await CommandAsync("ledger", "invoice", "issue", month);
        await CommandAsync("ledger", "bank", "set", "AYNI", "--holder", "Ayni GmbH", "--iban", "DE89 3704 0044 0532 0130 00");
        await CommandAsync("ledger", "bank", "set", host, "--holder", "Machines", "--iban", "ES9121000418450200051332");
        await CommandAsync("ledger", "bank", "contact", host, "--name", "Ada Ruiz", "--email", "ada@machines.example", "--language", "es");
        (await RunAsync("ledger", "bank", "set", host, "--holder", "M", "--iban", "ES9121000418450200051333")).Failed("mistyped");
        Assert.Equal("101.00", (await CommandAsync("ledger", "payout", "plan", "--currency", "USD", "--json")).Json[0].GetProperty("amount").GetString());

        await CommandAsync("ledger", "proposal", "four-eyes", "on");
        string[] order = ["ledger", "payout", "order", "--currency", "USD", "--json"];
        (await RunAsync(order)).Failed("needs a second key");
        var proposal = (await CommandAsync("ledger", "proposal", "list", "--json")).Json[0].GetProperty("id").GetString()!;
        (await RunAsync("ledger", "proposal", "approve", proposal)).Failed("another key approves it");
        var key = (await CommandAsync("key", "create", "--role", "finance", "--json")).Json.GetProperty("key").GetString()!;
        string[] approve = ["ledger", "proposal", "approve", proposal, "--data", Data];
        (await AyniCommand.RunAsync(approve, "", ("AYNI_KEY", "ayni_wrong"))).Failed("AYNI_KEY");
        (await AyniCommand.RunAsync(approve, "", ("AYNI_KEY", key))).Succeeded();
        var payout = (await CommandAsync(order)).Json[0];
        (await RunAsync(order)).Failed("can be paid");

        var (id, batch) = (payout.GetProperty("id").GetString()!, payout.GetProperty("batch").GetString()!);
        var file = await CommandAsync("ledger", "payout", "file", batch);
        Assert.Equal(file.Output, (await CommandAsync("ledger", "payout", "file", batch)).Output);
        Assert.Contains($"<EndToEndId>{id}</EndToEndId>", file.Output, StringComparison.Ordinal);
        Assert.Contains(id, (await CommandAsync("ledger", "payout", "file", batch, "--csv")).Output, StringComparison.Ordinal);
        await CommandAsync("ledger", "payout", "paid", id, "--reference", "b1", "--date", "2026-12-10");
        var report = _folder.PathOf("camt.xml");
        await File.WriteAllTextAsync(report, $"""
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><CreDtTm>2026-12-11T01:00:00</CreDtTm></GrpHdr><Stmt>
            <Ntry><Amt Ccy="USD">101.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls>
            <Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>
            """);
        Assert.Equal("unchanged", (await CommandAsync("ledger", "payout", "report", report, "--json")).Json[0].GetProperty("result").GetString());
        await File.WriteAllTextAsync(report, "no XML");
        (await RunAsync("ledger", "payout", "report", report)).Failed("Line 1, column 1");
        await CommandAsync("ledger", "payout", "returned", id, "--reference", "b2", "--date", "2026-12-12", "--reason", "closed");
        Assert.Equal("returned", (await CommandAsync("ledger", "payout", "list", "--json")).Json[0].GetProperty("status").GetString());

        // Another account: two keys, and a letter to the contact.
        string[] change = ["ledger", "bank", "set", host, "--holder", "Machines", "--iban", "DE89 3704 0044 0532 0130 00"];
        (await RunAsync(change)).Failed("needs a second key");
        approve[3] = (await CommandAsync("ledger", "proposal", "list", "--json")).Json.EnumerateArray().Last().GetProperty("id").GetString()!;
        (await AyniCommand.RunAsync(approve, "", ("AYNI_KEY", key))).Succeeded();
        await CommandAsync(change);
        var letters = _folder.PathOf("letters");
        (await RunAsync("ledger", "bank", "notices", "--eml", letters)).Failed("--from");
        await CommandAsync("ledger", "bank", "notices", "--unsent", "--eml", letters, "--from", "finance@ayni.example");
        Assert.Contains("<ada@machines.example>", await File.ReadAllTextAsync(Path.Combine(letters, "notice-1.eml")), StringComparison.Ordinal);
        await CommandAsync("ledger", "bank", "sent", "1", "--how", "e-mail");
        Assert.Equal(0, (await CommandAsync("ledger", "bank", "notices", "--unsent", "--json")).Json.GetArrayLength());
        (await CommandAsync("ledger", "audit")).Succeeded();
    }

    [Fact]
    public async Task Prices_agreements_and_closes_are_made_by_two_keys()
    {
        var (month, _) = await UseLastMonthAsync();
        var maker = (await CommandAsync("key", "create", "--role", "operator", "--json")).Json.GetProperty("key").GetString()!;
        await CommandAsync("ledger", "proposal", "four-eyes", "on");
        var terms = _folder.PathOf("terms.yaml");
        await File.WriteAllTextAsync(
            terms, "agreement: bard\nmodel: other\ncollector: host\nshares:\n  - {name: royalty, payee: licensor, rate: 20%}\n");
        await CommandAsync("party", "create", "Owner", "--role", "licensor");
        string[][] commands =
        [
            ["price", "set", "bard", "--input", "1", "--output", "2", "--currency", "USD"],
            ["agreement", "set", "--share", "host=100%"],
            ["agreement", "set", "--file", terms],
            ["period", "close", month],
        ];
        foreach (var command in commands)
        {
            (await ByAsync(maker, command)).Failed("needs a second key");
            var waiting = (await CommandAsync("ledger", "proposal", "list", "--json")).Json.EnumerateArray().Last().GetProperty("id").GetString()!;
            (await ByAsync(maker, "ledger", "proposal", "approve", waiting)).Failed("another key approves it");
            (await ByAsync(maker, command)).Failed("needs a second key");
            await CommandAsync("ledger", "proposal", "approve", waiting);
            (await ByAsync(maker, command)).Succeeded();
        }

        async Task<CommandResult> ByAsync(string key, params string[] arguments) =>
            await AyniCommand.RunAsync([.. arguments, "--data", Data], "", ("AYNI_KEY", key));
    }

    [Fact]
    public async Task What_cannot_be_is_one_sentence()
    {
        var (_, customer) = await UseLastMonthAsync();
        (await RunAsync("ledger", "billing", "set", customer, "--name", "X", "--tax", "VAT")).Failed("'VAT' is no tax");
        (await RunAsync("ledger", "billing", "set", customer, "--name", "X", "--certificate", "WHT=5%:1:2026-01-01:2026-12-31")).Failed("--withhold WHT");
        (await RunAsync("ledger", "billing", "set", customer, "--name", "X", "--withhold", "WHT=15%", "--certificate", "WHT=5%")).Failed("no certificate");
        (await RunAsync("ledger", "entity", "set", "a b", "--name", "X")).Failed("no entity's code");
        (await RunAsync("ledger", "invoice", "list", "AYNI-2026-000001")).Failed("There is no invoice");
        (await RunAsync("ledger", "invoice", "list", "--kind", "bill")).Failed("'bill' is no kind");
        (await RunAsync("ledger", "payment", "record", customer, "1", "--reference", "r", "--date", "1.12.2026")).Failed("1.12.2026");
        (await RunAsync("ledger", "payment", "record", customer, "1", "--reference", "r", "--date", "0001-01-01")).Failed("'0001-01-01' is no day");
        (await RunAsync("ledger", "payment", "record", customer, "1e26", "--reference", "r", "--date", "2026-12-01")).Failed("'1e26' is no amount");
        (await RunAsync("ledger", "payment", "record", customer, new string('9', 26), "--reference", "r", "--date", "2026-12-01"))
            .Failed("is no amount");
        (await RunAsync("ledger", "rate", "set", "EUR", "USD", "1", "--source", "ECB", "--from", "0001-01-01")).Failed("'0001-01-01': expected a day");
        (await RunAsync("ledger", "export", "--until", "9999-12-31")).Failed("'9999-12-31': expected a day");
        (await RunAsync("period", "close", "9998-12")).Failed("'9998-12' is no period");
        var file = _folder.PathOf("bank.csv");
        await File.WriteAllTextAsync(file, "bank_reference,date,amount,currency,customer\nr2,2026-12-02,x,USD,c\n");
        (await RunAsync("ledger", "payment", "import", file)).Failed("Line 2");
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example()
    {
        string[][] commands =
        [
            ["ledger", "entity", "set"], ["ledger", "billing", "set"], ["ledger", "billing", "show"], ["ledger", "invoice", "issue"],
            ["ledger", "invoice", "list"], ["ledger", "invoice", "credit"], ["ledger", "invoice", "open"], ["ledger", "invoice", "write-off"],
            ["ledger", "invoice", "reclaim"], ["ledger", "payment", "record"], ["ledger", "payment", "refund"],
            ["ledger", "payment", "reverse"], ["ledger", "payment", "import"], ["ledger", "payment", "list"], ["ledger", "export"],
            ["ledger", "payout", "plan"], ["ledger", "payout", "order"],
            ["ledger", "invoice", "print"], ["ledger", "invoice", "accounts"], ["ledger", "payout", "report"],
            ["ledger", "payout", "file"], ["ledger", "payout", "paid"], ["ledger", "payout", "returned"], ["ledger", "payout", "list"],
            ["ledger", "bank", "set"], ["ledger", "bank", "show"], ["ledger", "bank", "contact"], ["ledger", "bank", "notices"],
            ["ledger", "bank", "sent"], ["ledger", "proposal", "list"], ["ledger", "proposal", "approve"],
            ["ledger", "proposal", "reject"], ["ledger", "proposal", "four-eyes"],
        ];
        await Parallel.ForEachAsync(commands, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (command, _) =>
        {
            var help = (await AyniCommand.RunAsync([.. command, "--help"])).Succeeded().Output;
            Assert.Contains($"  ayni {string.Join(' ', command)}", help, StringComparison.Ordinal);
            Assert.Contains("Example", help, StringComparison.Ordinal);
        });
    }

    /// <summary>Records requests of the month before this one that cost 101.00 USD.</summary>
    private async Task<(string Month, string CustomerId)> UseLastMonthAsync()
    {
        var month = Period.Of(Period.Of(TimeProvider.System.GetUtcNow()).Start.AddDays(-1));
        await using var books = Books.Open(Path.Combine(Data, "ledger.db"), new StoppedClock(month.Start.AddDays(20)));
        var currency = Currency.Parse("USD");
        var machines = await books.CreatePartyAsync("Machines", Role.Host);
        await books.SetPriceAsync("bard", currency, Amount.Parse("1000", currency), Amount.Parse("3000", currency));
        await books.AgreeAsync(null, [Share.Of(machines.Id, 1_000_000)]);
        var customer = await books.CreateCustomerAsync("Rumi", currency);
        var key = await books.IssueKeyAsync(customer.Id, "own");
        var admission = Assert.IsType<Admission>(books.Admit(key.Key, "bard"));
        await books.PostAsync(new(admission, "req_1", Digest.Of("bard"u8), new(101_000, 0, 0), Outcome.Completed));
        return (month.ToString(), customer.Id);
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => AyniCommand.RunAsync([.. arguments, "--data", Data]);

    private async Task<CommandResult> CommandAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();
}
