namespace Ayni.EndToEnd.Tests;

/// <summary>Price plans, subscriptions, credits and rates from the command line.</summary>
public sealed class PriceCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_months_rules_are_set_and_shown()
    {
        await CommandAsync("party", "create", "Machines", "--role", "host");
        await CommandAsync("agreement", "set", "--share", "host=100%", "--accepted-by", "host", "--evidence", "mine");
        var plan = _folder.PathOf("plan.yaml");
        await File.WriteAllTextAsync(
            plan,
            """
            name: premium
            models: [bard, cria]
            currency: EUR
            input: 0.50
            cached: 0.10
            tiers:
              kind: graduated
              metric: output
              steps:
                - {up_to: 1_000_000, rate: 1.50}
                - {rate: 0.90}
            fee: 20
            """);
        var set = (await CommandAsync("price", "set", "--file", plan, "--json")).Json;
        Assert.Equal(["bard", "cria"], set.EnumerateArray().Select(price => price.GetProperty("model").GetString()));
        var shown = (await CommandAsync("price", "show", "2", "--json")).Json.GetProperty("plan");
        Assert.Equal("0.90", shown.GetProperty("tiers").GetProperty("steps")[1].GetProperty("rate").GetString());

        var customer = (await CommandAsync("customer", "create", "Rumi", "--currency", "EUR", "--json")).Json.GetProperty("id").GetString()!;
        var subscription = (await CommandAsync("ledger", "subscription", "start", customer, "premium", "--json")).Json;
        var month = (await CommandAsync("ledger", "subscription", "stop", subscription.GetProperty("id").GetString()!, "--json"))
            .Json.GetProperty("last").GetString()!;
        var fee = Assert.Single((await CommandAsync("ledger", "adjustments", "--period", month, "--json")).Json.EnumerateArray());
        Assert.Equal("20.00", fee.GetProperty("amount").GetString());
        await CommandAsync("ledger", "credit", "sell", customer, "5", "--model", "bard", "--expires", "2900-01-01");
        Assert.Contains(customer, (await CommandAsync("ledger", "credit", "list", "--csv")).Output, StringComparison.Ordinal);
        Assert.Single((await CommandAsync("ledger", "credit", "uses", "--period", month, "--json")).Json.EnumerateArray());
        await CommandAsync("ledger", "rate", "set", "EUR", "USD", "1.0825", "--source", "ECB");
        Assert.Equal(
            "1.0825", Assert.Single((await CommandAsync("ledger", "rate", "list", "--json")).Json.EnumerateArray()).GetProperty("per_unit").GetString());
        Assert.Empty((await CommandAsync("ledger", "rate", "conversions", "--period", month, "--json")).Json.EnumerateArray());
        (await CommandAsync("ledger", "audit")).Succeeded();
    }

    [Fact]
    public async Task What_cannot_be_is_one_sentence_with_its_place()
    {
        await CommandAsync("party", "create", "Machines", "--role", "host");
        var plan = _folder.PathOf("plan.yaml");
        await File.WriteAllTextAsync(plan, "model: bard\ncurrency: EUR\ninput: 0.5\noutput: &x 1\n");
        (await RunAsync("price", "set", "--file", plan)).Failed($"{plan}:4:9: an anchor");
        await File.WriteAllTextAsync(plan, "model: bard\ncurrency: EUR\ninput: 0.5\noutput: a lot\n");
        (await RunAsync("price", "set", "--file", plan)).Failed($"{plan}:4:9: output");
        (await RunAsync("price", "set", "--file", _folder.PathOf("none.yaml"))).Failed("can't be read");
        (await RunAsync("price", "set", "bard", "--file", plan)).Failed("--file alone");
        (await RunAsync("price", "set", "bard")).Failed("--input and --output");
        (await RunAsync("price", "show", "7")).Failed("no version 7");
        (await RunAsync("ledger", "why", "rcp_0")).Failed("There is no receipt 'rcp_0'");
        (await RunAsync("ledger", "subscription", "start", "cus_0", "gold")).Failed("There is no customer 'cus_0'");
        (await RunAsync("ledger", "rate", "exchange", "FX", "--sold", "5", "--bought", "5EUR")).Failed("'5' is no amount");
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example()
    {
        string[][] commands =
        [
            ["price", "show"], ["ledger", "why"], ["ledger", "adjustments"], ["ledger", "subscription", "start"],
            ["ledger", "subscription", "stop"], ["ledger", "credit", "sell"], ["ledger", "credit", "return"], ["ledger", "credit", "uses"], ["ledger", "rate", "set"],
            ["ledger", "rate", "exchange"],
        ];
        await Parallel.ForEachAsync(commands, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (command, _) => Assert.Contains(
            $"  ayni {string.Join(' ', command)}",
            (await AyniCommand.RunAsync([.. command, "--help"])).Succeeded().Output,
            StringComparison.Ordinal));
    }

    private Task<CommandResult> RunAsync(params string[] arguments) =>
        AyniCommand.RunAsync([.. arguments, "--data", _folder.PathOf("data")]);

    private async Task<CommandResult> CommandAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();
}
