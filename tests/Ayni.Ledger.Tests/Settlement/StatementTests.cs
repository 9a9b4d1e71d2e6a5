using System.Text.Json;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class StatementTests
{
    [Fact]
    public async Task An_estimate_becomes_final_with_the_same_numbers_and_replays_byte_for_byte()
    {
        await using var ledger = await ReadyAsync();
        var (plain, ofApp) = (await ledger.KeyAsync(), await ledger.KeyAsync(ofApp: true));
        await ledger.UseAsync(plain, 1_000_000, 10, 20);
        await ledger.UseAsync(ofApp, 2_000_000, 0, 0);
        await ledger.UseAsync(ofApp, 3_000_000, 0, 0);
        var estimate = ledger.Books.Statement(TestLedger.Period, ledger.Host.Id);
        Assert.Equal(StatementStatus.Estimate, estimate.Status);
        Assert.Equal(2, estimate.Lines.Length);
        // Without an app the host has its own 50 % and the developer's 20 %.
        Assert.Equal((null, 700_000, 1), (estimate.Lines[0].AppId, estimate.Lines[0].PartsPerMillion, estimate.Lines[0].Receipts));
        Assert.Equal((ledger.App.Id, 500_000, 2), (estimate.Lines[1].AppId, estimate.Lines[1].PartsPerMillion, estimate.Lines[1].Receipts));
        Assert.Equal(new(5_000_000, 0, 0), estimate.Lines[1].Counts);

        ledger.Clock.Now = TestLedger.Period.End;
        await ledger.Books.ClosePeriodAsync(TestLedger.Period);
        var final = ledger.Books.Statement(TestLedger.Period, ledger.Host.Id);
        Assert.Equal(estimate with { Status = StatementStatus.Final }, final);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(final, LedgerJson.Default.Statement);
        ledger.Clock.Now += TimeSpan.FromDays(40);
        await ledger.UseAsync(plain, 5, 5, 5);
        await ledger.ReopenAsync();
        var replayed = ledger.Books.Statement(TestLedger.Period, ledger.Host.Id);
        Assert.Equal(bytes, JsonSerializer.SerializeToUtf8Bytes(replayed, LedgerJson.Default.Statement));
    }

    [Fact]
    public async Task Every_partys_statement_is_among_all_and_an_unknown_party_has_none()
    {
        await using var ledger = await ReadyAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        var all = ledger.Books.Statements(TestLedger.Period);
        Assert.Equal(ledger.Books.ListParties().Select(party => ledger.Books.Statement(TestLedger.Period, party.Id)), all);
        var developer = all.Single(statement => statement.PartyId == ledger.Developer.Id);
        Assert.True(developer.Lines.IsEmpty && developer.Totals.IsEmpty);
        var refused = Assert.Throws<LedgerRefusedException>(() => ledger.Books.Statement(TestLedger.Period, "pty_nobody"));
        Assert.Equal(Refusal.UnknownParty, refused.Refusal);
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void Its_views_are_the_same_in_every_culture(string culture) => Cultures.Run(culture, () =>
    {
        var statement = Sample("Hostess");
        string[] expected =
        [
            "period,status,party,name,role,row,model,app,agreement,service_period,receipts,prompt_tokens,cached_tokens,generated_tokens,"
            + "rejected_tokens,currency,gross,parts_per_million,amount,carry_in,earned,payable,carry_out,adapter,territory,returned,"
            + "agreement_name,share,step,detail,result,host,legal_name,tax_id,address,country",
            "2026-11,final,pty_1,Hostess,host,line,llama,,3,2026-11,2,1234567,0,5,0,EUR,1234.5678,500000,617.2839,,,,,,,,,,,,,,,,,",
            "2026-11,final,pty_1,Hostess,host,total,,,,,,,,,,EUR,,,,0.001,617.2839,617.28,0.0049,,,,,,,,,,,,,",
            "",
        ];
        Assert.Equal(string.Join("\r\n", expected), statement.ToCsv());
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(statement, LedgerJson.Default.Statement));
        Assert.Equal("617.28", json.RootElement.GetProperty("totals")[0].GetProperty("payable").GetString());
        Assert.Equal("2026-11", json.RootElement.GetProperty("period").GetString());
        Assert.Equal("final", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("EUR", json.RootElement.GetProperty("lines")[0].GetProperty("currency").GetString());
    });

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("a=b", "a=b")]
    public void No_cell_is_a_formula(string name, string cell) =>
        Assert.Contains($",pty_1,{cell},host,", Sample(name).ToCsv(), StringComparison.Ordinal);

    private static Statement Sample(string name) => new(
        TestLedger.Period, StatementStatus.Final, "pty_1", name, Role.Host,
        [new(Model, null, 3, TestLedger.Period, 2, new(1_234_567, 0, 5), Eur("1234.5678"), 500_000, Eur("617.2839"))],
        [new("pty_1", Eur("0.001"), Eur("617.2839"), Eur("617.28"), Eur("0.0049"))]);
}
