using System.Text.Json;
using Ayni.Ledger;

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

        var export = (await CommandAsync("ledger", "export")).Lines;
        Assert.Equal(JournalCsv.Header.TrimEnd(), export[0]);
        Assert.Contains(export, line => line.Contains(",refund,pay_", StringComparison.Ordinal));
        Assert.Empty((await CommandAsync("ledger", "balance", "--at", "2000-01-01", "--json")).Json.EnumerateArray());
        Assert.Equal(
            (await CommandAsync("ledger", "balance", "--json")).Output,
            (await CommandAsync("ledger", "balance", "--at", "9990-01-01", "--json")).Output);
        (await CommandAsync("ledger", "audit")).Succeeded();
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
        await CommandAsync("ledger", "payout", "returned", id, "--reference", "b2", "--date", "2026-12-12", "--reason", "closed");
        Assert.Equal("returned", (await CommandAsync("ledger", "payout", "list", "--json")).Json[0].GetProperty("status").GetString());
        (await CommandAsync("ledger", "audit")).Succeeded();
    }

    [Fact]
    public async Task What_cannot_be_is_one_sentence()
    {
        var (_, customer) = await UseLastMonthAsync();
        (await RunAsync("ledger", "billing", "set", customer, "--name", "X", "--tax", "VAT")).Failed("'VAT' is no tax");
        (await RunAsync("ledger", "entity", "set", "a b", "--name", "X")).Failed("no entity's code");
        (await RunAsync("ledger", "invoice", "list", "AYNI-2026-000001")).Failed("There is no invoice");
        (await RunAsync("ledger", "invoice", "list", "--kind", "bill")).Failed("'bill' is no kind");
        (await RunAsync("ledger", "payment", "record", customer, "1", "--reference", "r", "--date", "1.12.2026")).Failed("1.12.2026");
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
            ["ledger", "payment", "reverse"], ["ledger", "payment", "import"], ["ledger", "payment", "list"], ["ledger", "export"], ["ledger", "payout", "plan"], ["ledger", "payout", "order"],
            ["ledger", "payout", "file"], ["ledger", "payout", "paid"], ["ledger", "payout", "returned"], ["ledger", "payout", "list"],
            ["ledger", "bank", "set"], ["ledger", "bank", "show"], ["ledger", "proposal", "list"], ["ledger", "proposal", "approve"],
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
        await books.SetAgreementAsync(null, [Share.Of(machines.Id, 1_000_000)]);
        var customer = await books.CreateCustomerAsync("Rumi", currency);
        var key = await books.IssueKeyAsync(customer.Id, "own");
        var admission = Assert.IsType<Admission>(books.Admit(key.Key, "bard"));
        await books.PostAsync(new(admission, "req_1", Digest.Of("bard"u8), new(101_000, 0, 0), Outcome.Completed));
        return (month.ToString(), customer.Id);
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => AyniCommand.RunAsync([.. arguments, "--data", Data]);

    private async Task<CommandResult> CommandAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
