using System.Net;
using System.Text;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Host.Tests;

/// <summary>The log's files over HTTP: what everybody needs to verify, and nothing else.</summary>
public sealed class LogTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    private readonly Books _books = fixture.Test.Books;

    [Fact]
    public async Task Anybody_verifies_a_receipt_against_it()
    {
        await _books.PublishLogAsync();
        using var answer = await fixture.SendAsync(KeyRole.Customer, $"/api/receipts/{fixture.One.Receipt}");
        var read = new List<string>();
        var log = new LogReader(name =>
        {
            read.Add(name);
            using var response = fixture.SendAsync(null, "/log/" + name).GetAwaiter().GetResult();
            return response.StatusCode == HttpStatusCode.NotFound ? null : response.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        });
        var verification = ProofVerifier.Verify(await answer.Content.ReadAsByteArrayAsync(), _books.LogKey, log, [], TimeProvider.System.GetUtcNow());
        Assert.Contains(verification.Proven, sentence => sentence.Contains("The log has only grown", StringComparison.Ordinal));

        foreach (var name in read)
        {
            using var response = await fixture.SendAsync(null, "/log/" + name);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var isTile = name.StartsWith("tile/", StringComparison.Ordinal);
            Assert.Equal(isTile ? "application/octet-stream" : "text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
            // A tile never changes; the checkpoint is always asked for anew.
            Assert.Equal((isTile, !isTile), (response.Headers.CacheControl!.Public, response.Headers.CacheControl.NoStore));
            var bytes = await response.Content.ReadAsByteArrayAsync();
            Assert.Equal(bytes.Length, response.Content.Headers.ContentLength);
            foreach (var secret in new[]
            {
                fixture.One.Customer.Id, fixture.One.Receipt, fixture.OneApp.Id, fixture.One.Key.Split('_')[1],
            })
                Assert.False(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0, $"{name} holds {secret}");
        }
        Assert.Contains(read, name => name.StartsWith("tile/entries/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".lock")]
    [InlineData("log.key")]
    [InlineData("..%2flog.key")]
    [InlineData("%2e%2e/signing.key")]
    [InlineData("tile/entries/..%2f..%2f..%2flog.key")]
    [InlineData("tile/0/999")]
    [InlineData("tile/0/000.p/300")]
    [InlineData("tile/9999/000")]
    [InlineData("tile/0/0")]
    [InlineData("Checkpoint")]
    public async Task Nothing_else_is_there(string name)
    {
        await _books.PublishLogAsync();
        Assert.True(File.Exists(Path.Combine(fixture.Test.Folder, "data", "log.key")));
        using var response = await fixture.SendAsync(null, "/log/" + name);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_party_registers_its_key_and_signs_an_agreement()
    {
        var (party, collector) = (fixture.OneParty.Id, fixture.OtherParty.Id);
        var file = Path.Combine(fixture.Test.Folder, "party.key");
        var key = SigningKey.Create(file);
        var registered = await PostAsync(KeyRole.Party, $"/api/parties/{party}/keys", JsonSerializer.Serialize(new { key = key.ForNotes(party).ToString() }));
        Assert.Equal(200, registered.Status);
        Assert.Equal(404, (await PostAsync(KeyRole.Party, $"/api/parties/{collector}/keys", "{\"key\":\"x\"}")).Status);
        Assert.Equal((400, "invalid_proof"), Code(await PostAsync(KeyRole.Party, $"/api/parties/{party}/keys", "{\"key\":\"x\"}")));

        var entered = await PostAsync(
            KeyRole.Operator, "/api/agreements/documents",
            $$"""{"agreement":"signed","model":"signed","collector":"{{collector}}","shares":[{"name":"royalty","payee":"{{party}}","rate":"20%"}]}""");
        var id = entered.Json.GetProperty("id").GetInt64();
        Assert.False(entered.Json.TryGetProperty("version", out _));
        Assert.Equal((409, "signature_needed"), Code(await PostAsync(KeyRole.Party, $"/api/agreements/documents/{id}/accept", "")));

        using var toSign = await fixture.SendAsync(KeyRole.Party, $"/api/agreements/documents/{id}/to-sign");
        var note = PartySigner.Sign(await toSign.Content.ReadAsByteArrayAsync(), party, SigningKey.Read(file));
        var body = JsonSerializer.Serialize(new { note = Encoding.UTF8.GetString(note) });
        var signed = await PostAsync(KeyRole.Party, $"/api/agreements/documents/{id}/sign", body);
        Assert.Equal(key.ForNotes(party).ToString(), signed.Json.GetProperty("acceptances")[0].GetProperty("key").GetString());
        Assert.Equal(
            (400, "invalid_signature"),
            Code(await PostAsync(KeyRole.Party, $"/api/agreements/documents/{id}/sign", body.Replace("20%", "2%", StringComparison.Ordinal))));
        await _books.AcceptAgreementAsync(id, collector, "a letter");
        Assert.Contains(_books.ListAgreements(), agreement => agreement.Document?.Id == id);
        Assert.Equal(200, (await PostAsync(KeyRole.Party, $"/api/parties/{party}/keys/revoke", "")).Status);
        Assert.Equal((404, "unknown_party_key"), Code(await PostAsync(KeyRole.Party, $"/api/parties/{party}/keys/revoke", "")));
    }

    private async Task<(int Status, JsonElement Json)> PostAsync(KeyRole role, string path, string body)
    {
        using var response = await fixture.SendAsync(role, path, body);
        return ((int)response.StatusCode, await response.JsonAsync());
    }

    private static (int, string?) Code((int Status, JsonElement Json) answer) =>
        (answer.Status, answer.Json.GetProperty("error").GetProperty("code").GetString());
}
