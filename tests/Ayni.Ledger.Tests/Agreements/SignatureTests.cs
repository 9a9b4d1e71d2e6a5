using System.Text;
using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Agreements that their parties sign: keys, signatures, what is in force, and what verifiers say of it.</summary>
public sealed class SignatureTests
{
    private const string Royalty = "agreement: bard\ncurrency: EUR\ncollector: host\nshares: [{name: royalty, payee: licensor, rate: 20%}]\n";

    [Fact]
    public async Task A_document_is_in_force_when_each_party_with_a_key_has_signed_and_each_other_accepted()
    {
        await using var ledger = await WithPartiesAsync();
        var owner = await RegisterAsync(ledger, ledger.Licensor.Id);
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        Assert.Null(document.Version);
        await RefusedAsync(Refusal.SignatureNeeded, () => ledger.Books.AcceptAgreementAsync(document.Id, ledger.Licensor.Id, "a letter"));
        await RefusedAsync(
            Refusal.SignatureNeeded,
            () => ledger.Books.AgreeAsync("bard", [Share.Of(ledger.Licensor.Id, 200_000), Share.Of(ledger.Host.Id, 800_000)]));

        Assert.Null((await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "a letter")).Version);
        var signed = PartySigner.Sign(ledger.Books.AgreementToSign(document.Id), ledger.Licensor.Id, owner);
        document = await ledger.Books.SignAgreementAsync(signed);
        Assert.Equal(1, document.Version);
        Assert.Equal([null, owner.ForNotes(ledger.Licensor.Id).ToString()], Sorted(document, ledger).Select(one => one.Key));
        // The same again changes nothing; the ledger hands out what everybody signed.
        Assert.Equal(document, await ledger.Books.SignAgreementAsync(signed));
        Assert.Equal(signed, ledger.Books.AgreementToSign(document.Id));
        await ledger.ReopenAsync();
        Assert.Equal([document], ledger.Books.ListAgreementDocuments());
        foreach (var sql in new[] { "UPDATE agreement_signatures SET signed = 0", "DELETE FROM agreement_signatures", "DELETE FROM party_keys" })
            Assert.ThrowsAny<System.Data.Common.DbException>(() => ledger.Sql(sql));
    }

    [Fact]
    public async Task What_is_no_signature_of_the_party_over_the_document_is_refused()
    {
        await using var ledger = await WithPartiesAsync();
        var owner = await RegisterAsync(ledger, ledger.Licensor.Id);
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        var text = ledger.Books.AgreementToSign(document.Id);
        var other = new SigningKey(new byte[32]);
        await Refused(Refusal.InvalidSignature, text);
        await Refused(Refusal.InvalidSignature, PartySigner.Sign(text, ledger.Licensor.Id, other));
        await Refused(Refusal.UnknownPartyKey, PartySigner.Sign(text, ledger.Host.Id, other));
        // Another rate, another number, another ledger.
        foreach (var (from, to) in new[] { ("20%", "2%"), ($"document {document.Id}", "document 7"), (ledger.Books.LogKey.Name, "ayni/other") })
            await Refused(
                to == "document 7" ? Refusal.UnknownDocument : Refusal.InvalidSignature,
                PartySigner.Sign(Replace(text, from, to), ledger.Licensor.Id, owner));
        var signed = PartySigner.Sign(text, ledger.Licensor.Id, owner);
        await Refused(Refusal.InvalidSignature, Replace(signed, "20%", "2%"));
        Assert.Throws<ProofException>(() => PartySigner.Sign(text, "pty_nobody", owner));
        Assert.Throws<ProofException>(() => PartySigner.Sign("anything"u8, ledger.Licensor.Id, owner));
        Assert.Empty(ledger.Books.ListAgreements());

        Task Refused(Refusal refusal, byte[] note) => RefusedAsync(refusal, () => ledger.Books.SignAgreementAsync(note));
    }

    [Fact]
    public async Task A_key_follows_another_by_its_word_or_after_it_was_revoked()
    {
        await using var ledger = await WithPartiesAsync();
        var party = ledger.Licensor.Id;
        var first = await RegisterAsync(ledger, party);
        var (second, third, fourth) = (NewKey(), NewKey(), NewKey());
        await RefusedAsync(Refusal.InvalidPartyKey, () => ledger.Books.RegisterPartyKeyAsync(party, second.ForNotes(party).ToString()));
        await RefusedAsync(Refusal.InvalidPartyKey, () => Endorsed(second, third));
        Assert.True((await Endorsed(second, first)).IsEndorsed);
        // Registered again: nothing new; one that was replaced never comes back.
        Assert.Equal(ledger.Books.ListPartyKeys().Single(key => key.Revoked is null), await ledger.Books.RegisterPartyKeyAsync(party, second.ForNotes(party).ToString()));
        await RefusedAsync(Refusal.InvalidPartyKey, () => Endorsed(first, second));
        await RefusedAsync(Refusal.InvalidPartyKey, () => ledger.Books.RegisterPartyKeyAsync(ledger.Host.Id, third.ForNotes(party).ToString()));
        await RefusedAsync(Refusal.UnknownParty, () => ledger.Books.RegisterPartyKeyAsync(null, third.ForNotes("pty_nobody").ToString()));

        await ledger.Books.RevokePartyKeyAsync(party);
        await RefusedAsync(Refusal.UnknownPartyKey, () => ledger.Books.RevokePartyKeyAsync(party));
        // Without a key in force the party accepts nothing: the host's word is not enough any more.
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        await RefusedAsync(Refusal.SignatureNeeded, () => ledger.Books.AcceptAgreementAsync(document.Id, party, "a letter"));
        Assert.False((await ledger.Books.RegisterPartyKeyAsync(party, fourth.ForNotes(party).ToString())).IsEndorsed);
        Assert.Equal(3, ledger.Books.ListPartyKeys().Count);
        Assert.Throws<ProofException>(() => { _ = ledger.Books.RegisterPartyKeyAsync(party, fourth.ForCosignatures(party).ToString()); });

        Task<PartyKey> Endorsed(SigningKey next, SigningKey current) => ledger.Books.RegisterPartyKeyAsync(
            party, Encoding.UTF8.GetString(PartySigner.Endorse(next.ForNotes(party), current)));
    }

    [Fact]
    public async Task An_acceptance_by_the_hosts_word_counts_no_more_once_the_party_has_a_key()
    {
        await using var ledger = await WithPartiesAsync();
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Licensor.Id, "a letter");
        var owner = await RegisterAsync(ledger, ledger.Licensor.Id);
        Assert.Null((await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "a letter")).Version);
        document = await ledger.Books.SignAgreementAsync(PartySigner.Sign(ledger.Books.AgreementToSign(document.Id), ledger.Licensor.Id, owner));
        Assert.Equal(1, document.Version);
    }

    [Fact]
    public async Task Verifiers_tell_what_is_signed_from_what_is_accepted_and_what_is_neither()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("EUR", "1", "1", "1");
        await ledger.Books.AgreeAsync("other", [Share.Of(ledger.Host.Id, 1_000_000)]);
        var owner = await RegisterAsync(ledger, ledger.Licensor.Id);
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        await ledger.Books.SignAgreementAsync(PartySigner.Sign(ledger.Books.AgreementToSign(document.Id), ledger.Licensor.Id, owner));
        document = await ledger.Books.AcceptAgreementAsync(document.Id, ledger.Host.Id, "a letter");
        Assert.Equal(2, document.Version);
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.RevokePartyKeyAsync(ledger.Licensor.Id);
        await ledger.Books.PublishLogAsync();

        var log = LogReader.Of(ledger.Books.LogFolderPath!);
        var key = ledger.Books.LogKey;
        var statement = ledger.Books.ProveStatement(TestLedger.Period, ledger.Licensor.Id);
        var verification = ProofVerifier.Verify(statement, key, log, [], ledger.Clock.Now);
        Assert.Contains(verification.Proven, sentence => sentence.StartsWith($"Agreement 2 is signed by {ledger.Licensor.Id}", StringComparison.Ordinal));
        Assert.Contains(
            verification.NotProven,
            sentence => sentence.Contains($"{ledger.Host.Id} ('a letter', by the word of console) agreed", StringComparison.Ordinal)
                && sentence.Contains("accepted, not signed", StringComparison.Ordinal));
        Assert.Contains(
            ProofVerifier.Verify(statement, key, null, [], ledger.Clock.Now).NotProven,
            sentence => sentence.Contains("parties' own", StringComparison.Ordinal));

        var folder = Directory.CreateTempSubdirectory("ayni-signed-").FullName;
        try
        {
            ledger.Books.ExportPeriod(TestLedger.Period, Path.Combine(folder, "november"));
            Assert.Contains(
                verification.Proven[^2], AuditVerifier.Verify(Path.Combine(folder, "november"), key, log, ledger.Clock.Now).Verification.Proven);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_version_that_a_party_with_a_key_never_signed_is_caught_in_the_log()
    {
        await using var ledger = await WithPartiesAsync();
        await ledger.SetPriceAsync("EUR", "1", "1", "1");
        await RegisterAsync(ledger, ledger.Licensor.Id);
        // The host writes the version into its own database, past all that the ledger refuses.
        var document = await ledger.Books.EnterAgreementAsync("terms.yaml", Royalty);
        ledger.Sql(
            $"INSERT INTO agreements (model, effective_from, document) VALUES (NULL, {ledger.Clock.Now.Microseconds()}, {document.Id})");
        await ledger.ReopenAsync();
        await ledger.UseAsync(await ledger.KeyAsync(), 1_000_000, 0, 0);
        await PeriodProofTests.CloseAsync(ledger);
        await ledger.Books.PublishLogAsync();
        var statement = ledger.Books.ProveStatement(TestLedger.Period, ledger.Licensor.Id);
        Assert.Equal(
            ProofCheck.Acceptance,
            Assert.Throws<ProofException>(() => ProofVerifier.Verify(statement, ledger.Books.LogKey, null, [], ledger.Clock.Now)).Check);
    }

    internal static SigningKey NewKey() => new(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    private static async Task<SigningKey> RegisterAsync(TestLedger ledger, string partyId)
    {
        var key = NewKey();
        await ledger.Books.RegisterPartyKeyAsync(partyId, key.ForNotes(partyId).ToString());
        return key;
    }

    private static IEnumerable<Acceptance> Sorted(AgreementDocument document, TestLedger ledger) =>
        document.Acceptances.OrderBy(acceptance => acceptance.PartyId == ledger.Licensor.Id);

    private static byte[] Replace(byte[] text, string from, string to)
    {
        var before = Encoding.UTF8.GetString(text);
        var after = before.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(before, after);
        return Encoding.UTF8.GetBytes(after);
    }
}
