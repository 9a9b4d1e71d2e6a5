using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Verifies that an agreement's parties agreed to it: by signature, where they have a key. Pure.</summary>
internal static class AgreementVerifier
{
    /// <summary>
    /// Demands that everybody has accepted agreements who must, also by those that a retroactive one replaces. With the log, each must be
    /// the version that the log holds, and each party that had a key by then must have signed it with that.
    /// </summary>
    public static void Verify(
        IReadOnlyList<AgreementItem> items, string origin, LogView? log, VerificationBuilder result, ProofChecks checks)
    {
        foreach (var item in items)
        {
            Verify(item, origin, log, result, checks);
            DemandConsent(item, items, checks);
        }
    }

    /// <summary>Demands that whoever earned by what a retroactive version replaces is among those who accepted it.</summary>
    private static void DemandConsent(AgreementItem item, IReadOnlyList<AgreementItem> items, ProofChecks checks)
    {
        var agreement = item.ToAgreement();
        foreach (var version in agreement.Document?.Terms.Replaces ?? [])
        {
            var replaced = items.FirstOrDefault(other => other.Version == version)?.ToAgreement();
            var missing = replaced?.PartyIds.Except(agreement.PartyIds, StringComparer.Ordinal).ToArray();
            checks.Demand(
                ProofCheck.Acceptance, missing is [],
                missing is null
                    ? $"Agreement {item.Version} replaces version {version}, which is missing."
                    : $"{string.Join(", ", missing)} earned by version {version} and did not accept that agreement {item.Version} replaces it.");
        }
    }

    private static void Verify(AgreementItem item, string origin, LogView? log, VerificationBuilder result, ProofChecks checks)
    {
        var version = item.Version.ToString(CultureInfo.InvariantCulture);
        var note = item.Text is null ? null : new AgreementNote(origin, item.Document ?? 0, item.Text);
        var terms = note?.ReadTerms();
        var parties = terms?.PartyIds
            ?? [
                .. item.Shares.Select(share => share.PartyId).Append(item.WithoutAppPartyId).OfType<string>()
                    .Distinct(StringComparer.Ordinal),
            ];
        var accepted = (item.Accepted ?? []).ToLookup(one => one.Party, StringComparer.Ordinal);
        var place = log?.DemandAgreement(item.Version, Digest.Of(item.Encode()), checks);
        List<string> signed = [], unsigned = [];
        foreach (var party in parties)
        {
            var own = accepted[party].FirstOrDefault();
            checks.Demand(
                ProofCheck.Acceptance, own is not null || terms is null,
                $"{party} has not accepted agreement {version}, and must.");
            var key = own?.Key is { } text ? PublicKey.Parse(text) : null;
            if (key is not null)
                checks.Demand(
                    ProofCheck.Acceptance, key.Name == party && note is not null && note.IsSignedBy(key, ReadSignature(own!.Signature)),
                    $"Agreement {version} is not what {party} signed.");
            if (log is not null)
                DemandOwnKey(party, key, version, log, place!.Value, result, checks);
            (key is null ? unsigned : signed).Add(key is not null ? $"{party} ({KeyCertificate.IdOf(key.Bytes)})"
                : own?.Evidence is { } evidence ? $"{party} ('{evidence}', by the word of {own.RecordedBy})" : party);
        }
        if (signed.Count > 0)
            result.Prove($"Agreement {version} is signed by {string.Join(", ", signed)}.");
        if (signed.Count > 0 && log is null)
            result.LeaveOpen(
                $"That the keys under agreement {version} are its parties' own, and were not revoked: give the log with --log.");
        if (unsigned.Count > 0)
            result.LeaveOpen(
                $"That {string.Join(", ", unsigned)} agreed to agreement {version}: "
                + (terms is not null
                    ? "it is accepted, not signed, by the host's word."
                    : "it was entered by the host, neither accepted nor signed."));
    }

    /// <summary>
    /// Demands that a party which had a key when the log took the agreement in has signed it with one that was in force.
    /// </summary>
    private static void DemandOwnKey(
        string party, PublicKey? key, string version, LogView log, long place, VerificationBuilder result, ProofChecks checks)
    {
        var keys = log.KeysOf(party, place);
        var own = keys.FirstOrDefault(logged => logged.Key == key);
        checks.Demand(
            ProofCheck.Acceptance, keys.Count == 0 ? key is null : own is not null,
            key is null
                ? $"{party} had a key when agreement {version} was made, and has not signed it."
                : $"The log does not hold the key that signed agreement {version} for {party}.");
        checks.Demand(
            ProofCheck.Revocation, own is null || log.IsInForce(own.Key, place),
            $"The key with which {party} signed agreement {version} was revoked before.");
        if (own?.IsEndorsed == false)
            result.LeaveOpen(
                $"That the key under agreement {version} is {party}'s own: the host registered it, and the key before did not endorse it.");
    }

    private static byte[] ReadSignature(string? text)
    {
        var bytes = new byte[64];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var count) && count == bytes.Length
            ? bytes
            : throw new ProofException(ProofCheck.Format, "An agreement's signature is not 64 bytes in base64.");
    }
}
