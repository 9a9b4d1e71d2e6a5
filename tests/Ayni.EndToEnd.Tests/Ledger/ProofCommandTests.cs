using System.Text.Json.Nodes;
using Ayni.Ledger;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>
/// The commands that prove and verify, each in a process of its own, as a host, an auditor, a witness and a party use them.
/// </summary>
public sealed class ProofCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Data => _folder.PathOf("data");

    private string Log => Path.Combine(Data, "log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_closed_month_is_published_witnessed_proven_exported_and_run_again()
    {
        var (month, receipts, host) = await UseLastMonthAsync();
        await CommandAsync("period", "close", month);
        Assert.Contains("entries", (await CommandAsync("log", "publish")).Output, StringComparison.Ordinal);
        var key = await SaveAsync("log.pub", "prove", "key");

        // A witness elsewhere sees the log, and the host keeps what it says.
        string[] watch = ["witness", "--log", Log, "--key", key, "--name", "licensor.example/witness", "--state", _folder.PathOf("witness")];
        var cosigned = (await AyniCommand.RunAsync(watch)).Succeeded();
        var witness = _folder.Write("witness.pub", cosigned.Error);
        await CommandAsync("log", "cosign", _folder.Write("cosigned.txt", cosigned.Output), "--witness", witness);

        string[] against = ["--key", key, "--log", Log, "--witness", witness];
        var receipt = await SaveAsync("receipt.json", "prove", "receipt", receipts[0]);
        Proves(await VerifyAsync(receipt, against), "counted it");
        Proves(await VerifyAsync(await SaveAsync("statement.json", "prove", "statement", month, host), against), "its sums add up");
        var absence = await SaveAsync("absence.json", "prove", "absence", month, "rcp_nothing", "--currency", "USD");
        Proves(await VerifyAsync(absence, against), "counts no receipt rcp_nothing");
        (await RunAsync("prove", "absence", month, receipts[0], "--currency", "USD")).Failed($"{receipts[0]} is in {month}");
        var json = JsonNode.Parse(await File.ReadAllTextAsync(receipt))!.AsObject();
        json["charge"] = "0.01";
        (await VerifyAsync(_folder.Write("forged.json", json.ToJsonString()), against)).Failed("shows something else");
        Assert.NotEmpty((await VerifyAsync(receipt, ["--json"])).Succeeded().Json.GetProperty("not_proven").EnumerateArray());

        var bundle = _folder.PathOf("bundle");
        await CommandAsync("audit", "export", month, bundle);
        string[] audit = ["audit", "verify", bundle, "--key", key, "--log", Log, "--receipt", receipt];
        Proves((await AyniCommand.RunAsync(audit)).Succeeded(), "the agreements in force, run again, give the shares");
        var lists = Path.Combine(bundle, "lists.json");
        var text = await File.ReadAllTextAsync(lists);
        await File.WriteAllTextAsync(lists, text.Replace("\"splits\":[{", "\"splits\":[],\"gone\":[{", StringComparison.Ordinal));
        (await AyniCommand.RunAsync(audit)).Failed("The list 'splits' is not what was signed");

        // A rolled-back log is seen by whoever saw it before.
        await CommandAsync("log", "rotate", "--revoke");
        await CommandAsync("log", "publish");
        var named = (await CommandAsync("log", "rotate", "--name", "host1.example", "--promise", "30", "--json")).Json;
        Assert.Equal(("host1.example", 30L), (named.GetProperty("host").GetString(), named.GetProperty("promise_minutes").GetInt64()));
        Assert.Single((await CommandAsync("log", "keys", "--json")).Json.EnumerateArray(), signing => signing.TryGetProperty("revoked", out _));
        Proves(await VerifyAsync(receipt, ["--key", key, "--log", Log]), "was not revoked before");
        (await AyniCommand.RunAsync(watch)).Succeeded();
        var rolledBack = Directory.CreateDirectory(_folder.PathOf("old")).FullName;
        await File.WriteAllTextAsync(Path.Combine(rolledBack, "checkpoint"), cosigned.Output);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Log, "tile"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(rolledBack, Path.GetRelativePath(Log, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        watch[2] = rolledBack;
        (await AyniCommand.RunAsync(watch)).Failed("it was rolled back");

        // After erasure the sums stay, and nobody opens the customer's receipts any more.
        var customer = (await CommandAsync("customer", "list", "--json")).Json[0].GetProperty("id").GetString()!;
        (await RunAsync("ledger", "erase", customer)).Failed("is not revoked");
        await CommandAsync("customer", "revoke", customer);
        await CommandAsync("ledger", "erase", customer);
        var erased = await SaveAsync("erased.json", "prove", "receipt", receipts[0]);
        Proves(await VerifyAsync(erased, ["--key", key]), "That its month counted it");
    }

    [Fact]
    public async Task A_party_signs_its_agreement_and_disputes_its_statement()
    {
        var (month, _, host) = await UseLastMonthAsync();
        var owner = (await CommandAsync("party", "create", "Owner", "--role", "licensor", "--json")).Json.GetProperty("id").GetString()!;
        var (key, next) = (_folder.PathOf("party.key"), _folder.PathOf("next.key"));
        var registered = _folder.Write("party.pub", (await AyniCommand.RunAsync("party", "key", "new", key, "--party", owner)).Succeeded().Output);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        (await AyniCommand.RunAsync("party", "key", "new", key, "--party", owner)).Failed("never written over");
        await CommandAsync("party", "key", "register", registered);

        var terms = _folder.Write("terms.yaml", "agreement: bard\nmodel: bard\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 20%}]\n");
        Assert.Contains(
            "Owner: ayni agreement show 2 --document --to-sign, and ayni agreement sign", (await CommandAsync("agreement", "set", "--file", terms)).Output,
            StringComparison.Ordinal);
        (await RunAsync("agreement", "accept", "2", "--party", owner, "--evidence", "a letter")).Failed("accepts by its signature");
        var toSign = await SaveAsync("agreement.txt", "agreement", "show", "2", "--document", "--to-sign");
        var signed = (await AyniCommand.RunAsync("agreement", "sign", toSign, "--key", key, "--party", owner)).Succeeded();
        Assert.Contains("gets 20%", signed.Error, StringComparison.Ordinal);
        var forged = _folder.Write("forged.txt", signed.Output.Replace("20%", "2%", StringComparison.Ordinal));
        (await RunAsync("agreement", "accept", "--signed", forged)).Failed("This is not document 2");
        await CommandAsync("agreement", "accept", "--signed", _folder.Write("signed.txt", signed.Output));
        var accepted = (await CommandAsync("agreement", "accept", "2", "--party", host, "--evidence", "a letter", "--json")).Json;
        Assert.Equal(2, accepted.GetProperty("version").GetInt64());

        var followed = _folder.Write("next.pub", (await AyniCommand.RunAsync("party", "key", "new", next, "--party", owner)).Succeeded().Output);
        (await RunAsync("party", "key", "register", followed)).Failed("let it endorse the new one");
        var endorsed = (await AyniCommand.RunAsync("party", "key", "endorse", followed, "--key", key)).Succeeded().Output;
        await CommandAsync("party", "key", "register", _folder.Write("endorsed.txt", endorsed));
        await CommandAsync("party", "key", "revoke", owner);
        Assert.Equal(2, (await CommandAsync("party", "key", "list", "--json")).Json.GetArrayLength());

        var objection = (await CommandAsync(
            "ledger", "objection", "raise", "--by", host, "--statement", month, "--says", "one request is missing", "--json")).Json;
        var id = objection.GetProperty("id").GetString()!;
        Assert.Contains(
            "one request is missing", (await CommandAsync("ledger", "statement", "--period", month)).Output, StringComparison.Ordinal);
        await CommandAsync("ledger", "objection", "reply", id, "--says", "which?");
        await CommandAsync("ledger", "objection", "reply", id, "--by", host, "--says", "the third");
        (await RunAsync("ledger", "objection", "resolve", id, "--says", "credited", "--correction", "none")).Failed("record the correction first");
        await CommandAsync("ledger", "objection", "resolve", id, "--says", "it was never made");
        Assert.Equal("resolved", (await CommandAsync("ledger", "objection", "list", "--json")).Json[0].GetProperty("state").GetString());
        (await CommandAsync("ledger", "audit")).Succeeded();
    }

    [Fact]
    public async Task Every_command_has_help_with_an_example_and_stands_at_one_place()
    {
        string[][] commands =
        [
            ["log", "publish"], ["log", "keys"], ["log", "rotate"], ["log", "cosign"], ["log", "init"],
            ["log", "host-key"], ["log", "certify"], ["log", "revoke"], ["prove", "receipt"], ["prove", "statement"],
            ["prove", "absence"], ["prove", "key"], ["verify"], ["audit", "export"], ["audit", "verify"], ["audit", "canary"], ["audit", "canary", "check"], ["witness"], ["party", "key", "new"],
            ["party", "key", "endorse"], ["party", "key", "register"], ["party", "key", "revoke"], ["party", "key", "list"],
            ["agreement", "sign"], ["agreement", "accept"], ["customer", "sign"], ["ledger", "erase"], ["ledger", "objection", "raise"],
            ["ledger", "objection", "reply"], ["ledger", "objection", "resolve"], ["ledger", "objection", "list"],
        ];
        await Parallel.ForEachAsync(commands, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (command, _) =>
        {
            var help = (await AyniCommand.RunAsync([.. command, "--help"])).Succeeded().Output;
            Assert.Contains($"  ayni {string.Join(' ', command)}", help, StringComparison.Ordinal);
            Assert.Contains("Example", help, StringComparison.Ordinal);
        });
        foreach (var moved in new[] { "agreement", "price", "key" })
            Assert.NotEqual(0, (await AyniCommand.RunAsync("ledger", moved, "list", "--data", Data)).ExitCode);
    }

    /// <summary>Three requests of the month before this one.</summary>
    private async Task<(string Month, IReadOnlyList<string> Receipts, string HostId)> UseLastMonthAsync()
    {
        var month = Period.Of(Period.Of(TimeProvider.System.GetUtcNow()).Start.AddDays(-1));
        await using var books = Books.Open(Path.Combine(Data, "ledger.db"), new StoppedClock(month.Start.AddDays(20)));
        var currency = Currency.Parse("USD");
        var machines = await books.CreatePartyAsync("Machines", Role.Host);
        await books.SetPriceAsync("bard", currency, Amount.Parse("1000", currency), Amount.Parse("3000", currency));
        await books.AgreeAsync(null, [Share.Of(machines.Id, 1_000_000)]);
        var customer = await books.CreateCustomerAsync("Rumi", currency);
        var key = await books.IssueKeyAsync(customer.Id, "own");
        var receipts = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var admission = Assert.IsType<Admission>(books.Admit(key.Key, "bard"));
            receipts.Add((await books.PostAsync(new(admission, $"req_{i}", Digest.Of("bard"u8), new(1000 + i, 0, 0), Outcome.Completed))).Id);
        }
        return (month.ToString(), receipts, machines.Id);
    }

    private static void Proves(CommandResult result, string words) => Assert.Contains(words, result.Succeeded().Output, StringComparison.Ordinal);

    private static Task<CommandResult> VerifyAsync(string file, string[] options) => AyniCommand.RunAsync(["verify", file, .. options]);

    private Task<CommandResult> RunAsync(params string[] arguments) => AyniCommand.RunAsync([.. arguments, "--data", Data]);

    private async Task<CommandResult> CommandAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();

    private async Task<string> SaveAsync(string name, params string[] arguments) =>
        _folder.Write(name, (await CommandAsync(arguments)).Output);
}
