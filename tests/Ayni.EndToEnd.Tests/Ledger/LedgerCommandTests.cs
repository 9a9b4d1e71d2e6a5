using System.Text.Json;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The commands that keep the books, on a ledger no host runs on.</summary>
public sealed class LedgerCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => _folder.PathOf("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whoever_takes_part_is_created_listed_and_revoked()
    {
        var developer = (await CommandAsync("party", "create", "Ada's Apps", "--role", "developer", "--json")).Json;
        var party = developer.GetProperty("id").GetString()!;
        var app = (await CommandAsync("app", "create", "Letters", "--developer", party, "--json")).Json.GetProperty("id").GetString()!;
        var customer = (await CommandAsync("customer", "create", "Rumi", "--currency", "EUR", "--limit", "50", "--json")).Json;
        var customerId = customer.GetProperty("id").GetString()!;
        Assert.Equal("50.00", customer.GetProperty("spending_limit").GetString());
        Assert.Equal(
            "0.50", (await CommandAsync("customer", "limit", customerId, "0.5", "--json")).Json.GetProperty("spending_limit").GetString());
        var key = (await CommandAsync("key", "create", "--customer", customerId, "--app", app, "--label", "shop", "--json")).Json;
        Assert.StartsWith("ayni_", key.GetProperty("key").GetString(), StringComparison.Ordinal);
        Assert.Equal(app, key.GetProperty("app_id").GetString());

        var keyId = key.GetProperty("id").GetString()!;
        foreach (var (kind, id) in new[] { ("key", keyId), ("app", app), ("customer", customerId), ("party", party) })
        {
            Assert.NotEqual(
                JsonValueKind.Undefined, (await CommandAsync(kind, "revoke", id, "--json")).Json.GetProperty("revoked").ValueKind);
            var listed = Assert.Single((await CommandAsync(kind, "list", "--json")).Json.EnumerateArray());
            Assert.Equal(id, listed.GetProperty("id").GetString());
            Assert.True(listed.TryGetProperty("revoked", out _));
        }
    }

    [Fact]
    public async Task Usage_of_another_engine_is_recorded_from_lines_once()
    {
        await CommandAsync("ledger", "zone", "Africa/Nairobi");
        await CommandAsync("party", "create", "Machines", "--role", "host");
        await CommandAsync("price", "set", "bard", "--input", "1", "--output", "2");
        await CommandAsync("agreement", "set", "--model", "bard", "--share", "host=100%", "--accepted-by", "host", "--evidence", "mine");
        var customer = (await CommandAsync("customer", "create", "Rumi", "--json")).Json.GetProperty("id").GetString()!;
        var key = (await CommandAsync("key", "create", "--customer", customer, "--json")).Json.GetProperty("id").GetString()!;
        var meter = (await CommandAsync("key", "create", "--role", "meter", "--json")).Json.GetProperty("id").GetString()!;
        await CommandAsync("key", "allow", meter, key);
        await CommandAsync("ledger", "limit", key, "--per-day", "5", "--requests", "60");
        Assert.Equal(60, Assert.Single((await CommandAsync("ledger", "limits", "--json")).Json.EnumerateArray()).GetProperty("requests_per_minute").GetInt64());
        var at = DateTimeOffset.UtcNow.AddSeconds(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        string Line(int i) => $$"""{"id":"e{{i}}","key":"{{key}}","model":"bard","at":"{{at}}","prompt":1000000}""";
        string[] record = ["ledger", "record", "--meter", meter, "--json"];
        var good = string.Join('\n', Enumerable.Range(0, 3).Select(Line)) + "\n";
        Assert.Equal(3, (await RunAsync(good, record)).Succeeded().Json.GetProperty("recorded").GetInt64());
        Assert.Equal(3, (await RunAsync(good, record)).Succeeded().Json.GetProperty("known").GetInt64());
        var mixed = await RunAsync($"{Line(3)}\n\nnonsense\n{Line(4).Replace("bard", "none", StringComparison.Ordinal)}\r\n{new string('x', 70_000)}\n{Line(5)}", record);
        mixed.Failed("3 of 6 lines were refused; 2 were recorded");
        Assert.Equal([3, 4, 5], mixed.Json.EnumerateArray().Select(line => line.GetProperty("line").GetInt32()));
        var owed = (await CommandAsync("ledger", "balance", "--json")).Json.EnumerateArray().First(
            row => row.GetProperty("account").GetString() == $"customer:{customer}:receivable");
        Assert.Equal("5.00", owed.GetProperty("net").GetString());
        Assert.Equal("Africa/Nairobi", (await CommandAsync("ledger", "zone", "--json")).Json.GetProperty("zone").GetString());
        (await RunAsync("ledger", "zone", "UTC")).Failed("before its first receipt");
    }

    [Fact]
    public async Task A_day_begins_in_the_ledgers_zone()
    {
        await CommandAsync("ledger", "zone", "America/Lima");
        const string Midnight = "2028-01-01T05:00:00";
        var rate = (await CommandAsync("ledger", "rate", "set", "EUR", "USD", "1.08", "--source", "ECB", "--from", "2028-01-01", "--json")).Json;
        Assert.StartsWith(Midnight, rate.GetProperty("effective_from").GetString(), StringComparison.Ordinal);
        var flat = (await CommandAsync("price", "set", "m", "--input", "1", "--output", "1", "--from", "2028-01-01", "--json")).Json;
        Assert.StartsWith(Midnight, flat.GetProperty("effective_from").GetString(), StringComparison.Ordinal);
        var file = _folder.PathOf("plan.yaml");
        await File.WriteAllTextAsync(file, "model: n\ncurrency: EUR\ninput: 1\noutput: 1\nfrom: 2028-01-01\n");
        var plan = Assert.Single((await CommandAsync("price", "set", "--file", file, "--json")).Json.EnumerateArray());
        Assert.StartsWith(Midnight, plan.GetProperty("effective_from").GetString(), StringComparison.Ordinal);
        var customer = (await CommandAsync("customer", "create", "Rumi", "--currency", "EUR", "--json")).Json.GetProperty("id").GetString()!;
        await CommandAsync("party", "create", "Machines", "--role", "host");
        await CommandAsync("agreement", "set", "--model", "m", "--share", "host=100%", "--accepted-by", "host", "--evidence", "mine");
        var credit = (await CommandAsync("ledger", "credit", "sell", customer, "1", "--model", "m", "--expires", "2028-01-01", "--json")).Json;
        Assert.StartsWith(Midnight, credit.GetProperty("expires").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prices_and_agreements_have_versions()
    {
        await CommandAsync("party", "create", "Owner", "--role", "licensor");
        await CommandAsync("party", "create", "Machines", "--role", "host");
        await CommandAsync("price", "set", "bard", "--input", "0.10", "--output", "0.40");
        var later = (await CommandAsync(
            "price", "set", "bard", "--input", "0.2", "--cached", "0.01", "--output", "0.8", "--from", "2990-01-01", "--json")).Json;
        Assert.Equal("2990-01-01T00:00:00+00:00", later.GetProperty("effective_from").GetString());
        Assert.Equal(2, (await CommandAsync("price", "list", "--json")).Json.GetArrayLength());

        string[] set = ["agreement", "set", "--model", "bard"];
        var agreement = (await CommandAsync(
            [.. set, "--share", "licensor=20%", "--share", "host=49.9999", "--share", "developer=30.0001%", "--json"])).Json;
        Assert.Equal(2, agreement.GetProperty("missing").GetArrayLength());
        Assert.Equal(0, (await CommandAsync("agreement", "list", "--json")).Json.GetArrayLength());
        var half = (await CommandAsync("agreement", "accept", "1", "--party", "host", "--evidence", "mine")).Output;
        Assert.Matches("Owner: ayni agreement accept 1 --party pty_\\w+ --evidence TEXT", half);
        await CommandAsync("agreement", "accept", "1", "--party", "licensor", "--evidence", "contract 7");
        var all = (await CommandAsync([.. set, "--share", "licensor=20%", "--share", "host=80%", "--accepted-by", "everyone", "--evidence", "c", "--json"])).Json;
        Assert.Equal((2, 0), (all.GetProperty("version").GetInt32(), all.GetProperty("missing").GetArrayLength()));
        Assert.Contains("developer 30.0001%", (await CommandAsync("agreement", "list")).Output, StringComparison.Ordinal);

        (await RunAsync([.. set, "--share", "licensor=20%", "--share", "host=70%"])).Failed("add up");
        (await RunAsync([.. set, "--share", "licensor=20.00001%", "--share", "host=70%"])).Failed("20.00001%");
        (await RunAsync([.. set, "--share", "backer=100%"])).Failed("No party is a backer");
        (await RunAsync([.. set, "--share", "host=100%", "--accepted-by", "host"])).Failed("go together");
        (await RunAsync([.. set, "--share", "host=100%", "--accepted-by", "licensor", "--evidence", "c"])).Failed("no party to the agreement");
        (await RunAsync("agreement", "accept", "1", "--party", "host")).Failed("--evidence");
        (await RunAsync("price", "set", "bard", "--input", "1,5", "--output", "1")).Failed("'1,5' is no amount");
        (await RunAsync("price", "set", "bard", "--input", "1", "--output", "1", "--currency", "usd")).Failed("'usd' is no currency");
        (await RunAsync("price", "set", "bard", "--input", "1", "--output", "1", "--from", "01.02.2027")).Failed("01.02.2027");
    }

    [Fact]
    public async Task An_agreements_document_is_shown_entered_accepted_and_simulated()
    {
        await CommandAsync("party", "create", "Owner", "--role", "licensor");
        var host = (await CommandAsync("party", "create", "Machines", "--role", "host", "--json")).Json.GetProperty("id").GetString()!;
        var terms = _folder.PathOf("terms.yaml");
        var standard = (await AyniCommand.RunAsync(["agreement", "standard", "host-pays-owner"])).Succeeded().Output;
        await File.WriteAllTextAsync(terms, standard.Replace("rate: 10%", "rate: 12%", StringComparison.Ordinal));
        var shown = (await CommandAsync("agreement", "show", terms)).Output;
        Assert.Contains($"Machines ({host}) collects the revenue", shown, StringComparison.Ordinal);
        Assert.Contains("higher-rate in 'royalty' (host-pays-owner): the highest rate is 12%", shown, StringComparison.Ordinal);

        var document = (await CommandAsync("agreement", "set", "--file", terms, "--json")).Json;
        Assert.False(document.TryGetProperty("version", out _));
        Assert.Equal(2, document.GetProperty("missing").GetArrayLength());
        foreach (var party in document.GetProperty("missing").EnumerateArray())
            document = (await CommandAsync("agreement", "accept", "1", "--party", party.GetString()!, "--evidence", "a letter", "--json")).Json;
        Assert.Equal(1, document.GetProperty("version").GetInt64());
        Assert.Contains("royalty", (await CommandAsync("agreement", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(shown, (await CommandAsync("agreement", "show", "1")).Output);
        Assert.Contains("Este es el acuerdo", (await CommandAsync("agreement", "show", "1", "--language", "es")).Output, StringComparison.Ordinal);
        Assert.Contains("dir=\"rtl\"", (await CommandAsync("agreement", "show", "1", "--html", "fa")).Output, StringComparison.Ordinal);
        var canonical = (await CommandAsync("agreement", "show", "1", "--text")).Output;
        Assert.StartsWith("agreement: \"host-pays-owner\"\n", canonical, StringComparison.Ordinal);

        await CommandAsync(
            "ledger", "deduct", "--type", "payment-fee", "--evidence", "report", "--period", "2026-11", "--amount", "3.5", "--currency", "EUR");
        Assert.Equal("3.50", (await CommandAsync("ledger", "deductions", "--period", "2026-11", "--json")).Json[0].GetProperty("amount").GetString());
        Assert.Equal(0, (await CommandAsync("agreement", "simulate", terms, "--period", "2026-11", "--json")).Json.GetArrayLength());

        await File.WriteAllTextAsync(terms, standard.Replace("10%", "ten", StringComparison.Ordinal));
        (await RunAsync("agreement", "set", "--file", terms)).Failed("rate: expected percent with at most four decimals");
        (await RunAsync("agreement", "show", _folder.PathOf("none.yaml"))).Failed("can't be read");
        (await RunAsync("agreement", "set")).Failed("--share");
        (await RunAsync("ledger", "deduct", "--type", "tea", "--evidence", "r", "--period", "2026-11", "--amount", "1")).Failed("'tea' is no type");
    }

    [Fact]
    public async Task A_month_that_has_ended_is_closed_once_and_its_statements_are_final()
    {
        var month = await UseLastMonthAsync();

        var estimate = (await CommandAsync("ledger", "statement", "--period", month, "--json")).Json;
        Assert.All(estimate.EnumerateArray(), statement => Assert.Equal(
            "estimate", statement.GetProperty("status").GetString(), ignoreCase: true));
        var closed = await CommandAsync("period", "close", month, "--json");
        Assert.Equal(closed.Output, (await CommandAsync("period", "close", month, "--json")).Output);
        Assert.Equal("closed", (await CommandAsync("period", "list", "--json")).Json[0].GetProperty("status").GetString());

        var statements = (await CommandAsync("ledger", "statement", "--period", month, "--json")).Json;
        Assert.All(statements.EnumerateArray(), statement => Assert.Equal(
            "final", statement.GetProperty("status").GetString(), ignoreCase: true));
        var totals = statements.EnumerateArray().SelectMany(statement => statement.GetProperty("totals").EnumerateArray()).ToArray();
        var charge = Assert.Single(
            (await CommandAsync("ledger", "receipts", "--period", month, "--json")).Json.EnumerateArray()).GetProperty("charge");
        Assert.Equal(Money(charge), totals.Sum(total => Money(total.GetProperty("payable")) + Money(total.GetProperty("carry_out"))));
        (await CommandAsync("ledger", "audit")).Succeeded();

        var page = System.Xml.Linq.XDocument.Parse((await CommandAsync("ledger", "statement", "--period", month, "--html", "fa")).Output).Root!;
        Assert.Equal(("fa", "rtl"), (page.Attribute("lang")!.Value, page.Attribute("dir")!.Value));
        (await RunAsync("ledger", "statement", "--period", month, "--html", "xx")).Failed("--html xx");
        (await RunAsync("ledger", "statement", "--period", month, "--html", "en", "--csv")).Failed("one of --html");
        var table = await CommandAsync("ledger", "statement", "--period", month);
        Assert.Contains("=Owner, licensor", table.Output, StringComparison.Ordinal);
        Assert.Contains("final", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comma_separated_values_hold_one_header_and_no_formula()
    {
        var month = await UseLastMonthAsync();
        var statements = (await CommandAsync("ledger", "statement", "--period", month, "--csv")).Lines;
        Assert.Single(statements, line => line.StartsWith("period,", StringComparison.Ordinal));
        Assert.Equal(1 + 2 + 2, statements.Length);
        Assert.Contains(statements, line => line.Contains(",'=Owner,", StringComparison.Ordinal));

        var parties = (await CommandAsync("party", "list", "--csv")).Lines;
        Assert.Equal("id,name,role,created,revoked", parties[0]);
        Assert.Contains(",'=Owner,licensor,", parties[1], StringComparison.Ordinal);

        // A number is a number, also a negative one.
        var balances = (await CommandAsync("ledger", "balance", "--csv")).Lines;
        Assert.Contains(balances, line => line.Contains(",-", StringComparison.Ordinal));
        Assert.DoesNotContain(balances, line => line.Contains('\'', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_country_reads_the_same()
    {
        var month = await UseLastMonthAsync();
        string[][] commands = [["ledger", "statement", "--period", month], ["ledger", "receipts", "--csv"], ["period", "list", "--json"]];
        foreach (var command in commands)
        {
            var here = await CommandAsync(command);
            var there = (await AyniCommand.RunAsync([.. command, "--data", Data], "", ("LC_ALL", "ar_SA.UTF-8"))).Succeeded();
            Assert.Equal(here.Output, there.Output);
        }
    }

    [Fact]
    public async Task What_cannot_be_is_one_sentence()
    {
        (await RunAsync("ledger", "balance")).Failed("There is no ledger");
        Assert.False(Directory.Exists(Data));
        (await RunAsync("party", "create", "X", "--role", "king")).Failed("'king' is no role");
        (await RunAsync("party", "create", "", "--role", "host")).Failed("party's name");
        (await RunAsync("party", "revoke", "pty_0")).Failed("There is no party 'pty_0'");
        (await RunAsync("key", "create", "--customer", "cus_0")).Failed("There is no customer 'cus_0'");
        (await RunAsync("period", "close", "2026-13")).Failed("'2026-13' is no period");
        (await RunAsync("period", "close", "2900-01")).Failed("2900-01 has not ended");
        (await RunAsync("party", "list", "--json", "--csv")).Failed("not both");
        Assert.Equal(1, (await RunAsync("ledger", "statement")).ExitCode);
    }

    [Fact]
    public async Task Every_command_of_the_books_has_help_with_an_example()
    {
        string[][] commands =
        [
            ["ledger", "balance"], ["ledger", "receipts"], ["ledger", "statement"], ["ledger", "audit"],
            ["ledger", "actions"], ["ledger", "import"], ["ledger", "attest"], ["licence"],
            ["party", "create"], ["customer", "create"], ["customer", "limit"], ["key", "create"], ["app", "create"],
            ["price", "set"], ["agreement", "set"], ["period", "close"], ["period", "list"], ["serve"], ["tour"],
        ];
        await Parallel.ForEachAsync(commands, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (command, _) =>
        {
            var help = (await AyniCommand.RunAsync([.. command, "--help"])).Succeeded().Output;
            Assert.Contains($"  ayni {string.Join(' ', command)}", help, StringComparison.Ordinal);
            Assert.Contains("Example", help, StringComparison.Ordinal);
        });
    }

    /// <summary>Records one request of the month before this one, on whose price and shares a name looks like a formula.</summary>
    private async Task<string> UseLastMonthAsync()
    {
        var month = Period.Of(Period.Of(TimeProvider.System.GetUtcNow()).Start.AddDays(-1));
        await using var books = Books.Open(Path.Combine(Data, "ledger.db"), new StoppedClock(month.Start.AddDays(20)));
        var currency = Currency.Parse("USD");
        var owner = await books.CreatePartyAsync("=Owner", Role.Licensor);
        var machines = await books.CreatePartyAsync("Machines", Role.Host);
        await books.SetPriceAsync("bard", currency, Amount.Parse("1000", currency), Amount.Parse("3000", currency));
        await books.AgreeAsync(null, [Share.Of(owner.Id, 333_333), Share.Of(machines.Id, 666_667)]);
        var customer = await books.CreateCustomerAsync("Rumi", currency);
        var key = await books.IssueKeyAsync(customer.Id, "own");
        var admission = Assert.IsType<Admission>(books.Admit(key.Key, "bard"));
        await books.PostAsync(new(admission, "req_1", Digest.Of("bard"u8), new(17, 0, 29), Outcome.Completed));
        return month.ToString();
    }

    private static decimal Money(JsonElement amount) =>
        decimal.Parse(amount.GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    private Task<CommandResult> RunAsync(params string[] arguments) => AyniCommand.RunAsync([.. arguments, "--data", Data]);

    private Task<CommandResult> RunAsync(string input, string[] arguments) => AyniCommand.RunAsync([.. arguments, "--data", Data], input);

    private async Task<CommandResult> CommandAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();
}
