namespace Ayni.Ledger.Tests;

public sealed class WitnessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-witness-").FullName;
    private readonly Forger _host = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Witness Witness() => new(_folder, "witness.example");

    [Fact]
    public void It_cosigns_a_log_that_grows_also_after_a_restart()
    {
        foreach (var size in new[] { 1, 2, 2, 5 })
        {
            var cosigned = Checkpoint.Parse(Witness().Cosign(_host.Log(Entries(size)), _host.LogKey, Forger.Noon));
            Assert.Equal((size, Forger.Noon), (cosigned.Size, cosigned.CosignedBy(Witness().Key)));
            Assert.Null(cosigned.CosignedBy(new SigningKey(new byte[32]).ForCosignatures("witness.example")));
        }
    }

    [Theory]
    [InlineData("rolled back", ProofCheck.Growth)]
    [InlineData("two histories", ProofCheck.SingleView)]
    [InlineData("changed beginning", ProofCheck.Growth)]
    [InlineData("another host", ProofCheck.Signature)]
    public void It_signs_and_remembers_nothing_else(string attack, ProofCheck check)
    {
        Witness().Cosign(_host.Log(Entries(3)), _host.LogKey, Forger.Noon);
        var forged = Entries(4)[1..];
        var log = attack switch
        {
            "rolled back" => _host.Log(Entries(2)),
            "two histories" => _host.Log(forged),
            "changed beginning" => _host.Log([.. forged, .. forged]),
            _ => new Forger().Log(Entries(4)),
        };
        Assert.Equal(check, Assert.Throws<ProofException>(() => Witness().Cosign(log, _host.LogKey, Forger.Noon)).Check);
        Witness().Cosign(_host.Log(Entries(4)), _host.LogKey, Forger.Noon);
    }

    [Fact]
    public async Task A_host_keeps_the_cosignature_and_verifiers_demand_it()
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var receipt = await ledger.UseAsync(await ledger.KeyAsync(), 1, 1, 1);
        await ledger.Books.PublishLogAsync();
        var key = ledger.Books.LogKey;
        Verification Verify() => ProofVerifier.Verify(
            SignedReceiptTests.Json(ledger.Books, receipt.Id), key, LogReader.Of(ledger.Books.LogFolderPath!), [Witness().Key], ledger.Clock.Now);
        Assert.Equal(ProofCheck.SingleView, Assert.Throws<ProofException>(() => Verify()).Check);
        var note = Witness().Cosign(LogReader.Of(ledger.Books.LogFolderPath!), key, ledger.Clock.Now);
        ledger.Books.AddCosignature(note, Witness().Key);
        Assert.Contains(Verify().Proven, sentence => sentence.Contains("witnesses saw", StringComparison.Ordinal));
        note[^5] ^= 1;
        Assert.Throws<ProofException>(() => ledger.Books.AddCosignature(note, Witness().Key));
    }

    private static byte[][] Entries(int count) => TransparencyLogTests.Entries(count);
}
