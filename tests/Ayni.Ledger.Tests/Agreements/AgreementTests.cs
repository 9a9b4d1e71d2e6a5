using Ayni.Tests;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class AgreementTests
{
    [Fact]
    public async Task Roles_are_resolved_when_the_agreement_is_made_except_the_developers()
    {
        await using var ledger = await WithPartiesAsync();
        var made = await ledger.Books.AgreeAsync(
            Model, [Share.Of(Role.Licensor, 300_000), Share.Of(ledger.Host.Id, 500_000), Share.Of(Role.Developer, 200_000)]);
        Assert.Equal(
            [
                new(Role.Licensor, ledger.Licensor.Id, 300_000), new(Role.Host, ledger.Host.Id, 500_000),
                new Share(Role.Developer, null, 200_000),
            ],
            made.Shares.ToArray());
        Assert.Equal(ledger.Host.Id, made.WithoutAppPartyId);
        Assert.Equal([made], ledger.Books.ListAgreements());
    }

    [Fact]
    public async Task Refusals_are_named()
    {
        await using var ledger = await WithPartiesAsync();
        await Refused(Refusal.InvalidShares);
        await Refused(Refusal.InvalidShares, Share.Of(Role.Host, 999_999));
        await Refused(Refusal.InvalidShares, Share.Of(Role.Host, 1_000_000), Share.Of(Role.Licensor, 1));
        await Refused(Refusal.InvalidShares, Share.Of(Role.Host, 1_000_001), Share.Of(Role.Licensor, -1));
        await Refused(Refusal.InvalidShares, Share.Of(Role.Host, 1_000_000), Share.Of(Role.Licensor, 0));
        await Refused(Refusal.InvalidShares, Share.Of(Role.Host, int.MaxValue), Share.Of(Role.Licensor, int.MaxValue));
        await Refused(Refusal.InvalidShares, new Share(null, null, 1_000_000));
        await Refused(Refusal.NoPartyInRole, Share.Of(Role.Store, 1_000_000));
        await Refused(Refusal.UnknownParty, Share.Of("pty_nobody", 1_000_000));
        await ledger.Books.CreatePartyAsync("Second host", Role.Host);
        await Refused(Refusal.SeveralPartiesInRole, Share.Of(Role.Host, 1_000_000));
        await Refused(Refusal.SeveralPartiesInRole, Share.Of(Role.Developer, 1_000_000));
        await ledger.Books.RevokePartyAsync(ledger.Host.Id);
        await Refused(Refusal.Revoked, Share.Of(ledger.Host.Id, 1_000_000));
        await RefusedAsync(
            Refusal.EffectiveInThePast,
            () => ledger.Books.AgreeAsync(null, [Share.Of(Role.Host, 1_000_000)], November.AddDays(-1)));
        Assert.Empty(ledger.Books.ListAgreements());

        Task Refused(Refusal refusal, params Share[] shares) => RefusedAsync(refusal, () => ledger.Books.AgreeAsync(null, shares));
    }

    [Fact]
    public async Task A_models_own_agreement_goes_before_the_one_for_every_model()
    {
        await using var ledger = await ReadyAsync();
        var key = await ledger.KeyAsync();
        var general = ledger.Admit(key).AgreementVersion;
        var own = await ledger.Books.AgreeAsync(Model, [Share.Of(Role.Host, 1_000_000)], November.AddDays(1));
        Assert.Equal(general, ledger.Admit(key).AgreementVersion);
        ledger.Clock.Now += TimeSpan.FromDays(2);
        Assert.Equal(own.Version, ledger.Admit(key).AgreementVersion);
        await ledger.Books.AgreeAsync(null, [Share.Of(Role.Licensor, 1_000_000)]);
        Assert.Equal(own.Version, ledger.Admit(key).AgreementVersion);
    }
}
