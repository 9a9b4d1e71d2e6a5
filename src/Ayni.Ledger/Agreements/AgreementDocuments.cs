using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Enters agreements and records who accepts them; what everybody has accepted is in force, and nothing else. Where a document's amounts
/// are for calendar months, the next one follows with a month.
/// </summary>
internal static class AgreementDocuments
{
    /// <summary>
    /// Resolves a document's roles and stores it, with the acceptances that there are. With the last one it becomes a version.
    /// </summary>
    public static AgreementDocument Enter(Transaction transaction, AgreementTerms terms, HeldAcceptances? held)
    {
        terms = Resolve(transaction.Session, terms);
        foreach (var partyId in terms.PartyIds)
            Registry.DemandParty(transaction, partyId);
        foreach (var hostId in terms.Shares.SelectMany(share => share.Hosts))
            Registry.DemandHost(transaction, hostId);
        foreach (var appId in terms.Shares.SelectMany(share => share.Apps))
        {
            if (RegistryRows.App(transaction.Session, appId) is null)
                throw Registry.Unknown(Refusal.UnknownApp, "app", appId);
        }
        if (AgreementRows.Documents(transaction.Session).FirstOrDefault(other => other.Name == terms.Name) is { } first
            && first.Terms.Model != terms.Model)
            throw new LedgerRefusedException(
                Refusal.InvalidTerms,
                $"The agreement '{terms.Name}' is about {Named(first.Terms.Model)}; give one about {Named(terms.Model)} a name of its own.");
        terms = terms.IsRetroactive ? Replacing(transaction, terms) : terms with { Replaces = [], Affected = [] };
        _ = Effective(transaction, terms, isAccepted: false);
        var accepting = held is null ? [] : (held.Parties ?? terms.PartyIds).Select(party => PartyOf(transaction, terms, party)).ToArray();
        var document = AgreementRows.Insert(transaction.Session, terms, transaction.Now);
        Note(transaction, "enter_agreement", null, document);
        return accepting.Length == 0 ? document : Accept(transaction, document, accepting, held!.Evidence);
    }

    /// <summary>
    /// Records that a party, named by its role or id, accepted a document, and how that is known. With the last one that must, it becomes a
    /// version.
    /// </summary>
    public static AgreementDocument Accept(Transaction transaction, long documentId, string party, string evidence)
    {
        var document = AgreementRows.Document(transaction.Session, documentId);
        return Accept(transaction, document, [PartyOf(transaction, document.Terms, party)], evidence);
    }

    private static AgreementDocument Accept(
        Transaction transaction, AgreementDocument document, IReadOnlyList<string> partyIds, string evidence)
    {
        Text.Demand(evidence, "evidence");
        var acceptances = new List<Acceptance>();
        foreach (var partyId in partyIds.Where(document.Missing.Contains).Distinct())
        {
            if (PartyKeyRows.Signers(transaction.Session).Contains(partyId))
                throw new LedgerRefusedException(
                    Refusal.SignatureNeeded, $"{partyId} has a key, so it accepts by its signature: see 'ayni agreement sign'.");
            acceptances.Add(new(partyId, transaction.Now, evidence, transaction.Actor));
        }
        return acceptances.Count == 0 ? document : Complete(transaction, document, acceptances);
    }

    /// <summary>The party to terms that a role or id names.</summary>
    private static string PartyOf(Transaction transaction, AgreementTerms terms, string party)
    {
        var named = terms.PartyIds;
        if (!RoleNames.TryParse(party, out var role))
            return named.Contains(party) ? party : throw NotAParty(party, named);
        var ofRole = RegistryRows.Parties(transaction.Session).Where(one => one.Role == role && named.Contains(one.Id)).ToArray();
        return ofRole.Length == 1 ? ofRole[0].Id : throw NotAParty($"'{party}', a role of {ofRole.Length} of its parties,", named);
    }

    /// <summary>Records parties' signatures under a document. With the last one that must, it becomes a version.</summary>
    public static AgreementDocument Sign(
        Transaction transaction, AgreementNote signed, IReadOnlyList<NoteSignature> signatures, string origin)
    {
        var document = AgreementRows.Document(transaction.Session, signed.Document);
        if (signatures.Count == 0 || signed != new AgreementNote(origin, document.Id, document.Text))
            throw new LedgerRefusedException(
                Refusal.InvalidSignature, $"This is not document {signed.Document} of this ledger with signatures under it.");
        var acceptances = new List<Acceptance>();
        foreach (var signature in signatures)
        {
            var partyId = signature.Name;
            if (!document.Terms.PartyIds.Contains(partyId))
                throw NotAParty(partyId, document.Terms.PartyIds);
            if (PartyKeyRows.InForce(transaction.Session, partyId) is not { } key)
                throw new LedgerRefusedException(
                    Refusal.UnknownPartyKey, $"{partyId} has no key in force here; register it first: 'ayni party key register'.");
            if (document.Acceptances.Any(acceptance => acceptance.PartyId == partyId))
                continue;
            var verifier = PublicKey.Parse(key.Key);
            if (verifier.Id != signature.KeyId || !signed.IsSignedBy(verifier, signature.Bytes))
                throw new LedgerRefusedException(
                    Refusal.InvalidSignature, $"The signature of {partyId} is not that of its key {key.Id} over this document.");
            acceptances.Add(new(partyId, transaction.Now, null, null, key.Key, Convert.ToBase64String(signature.Bytes)));
        }
        return acceptances.Count == 0 ? document : Complete(transaction, document, acceptances);
    }

    private static LedgerRefusedException NotAParty(string party, IReadOnlyList<string> parties) =>
        new(Refusal.NotAParty, $"{party} is no party to the agreement; {string.Join(", ", parties)} are.");

    /// <summary>Adds acceptances, each of another party that had none; if all are there, the document is in force.</summary>
    private static AgreementDocument Complete(Transaction transaction, AgreementDocument document, IReadOnlyList<Acceptance> acceptances)
    {
        var accepted = document with
        {
            Acceptances = [.. document.Acceptances.Concat(acceptances).OrderBy(one => one.PartyId, StringComparer.Ordinal)],
        };
        var isComplete = accepted.Version is null && accepted.Missing.Count == 0;
        if (isComplete && document.Terms.IsRetroactive && Replacing(transaction, document.Terms) != document.Terms)
            throw new LedgerRefusedException(
                Refusal.NotRetroactive, "What it was to replace has changed since it was entered; enter it again.");
        var effective = isComplete ? Effective(transaction, document.Terms, isAccepted: true) : default;
        foreach (var acceptance in acceptances)
            AgreementRows.Insert(transaction.Session, document.Id, acceptance);
        if (isComplete)
            accepted = Enact(transaction, accepted, document.Terms, effective);
        Note(transaction, "accept_agreement", document, accepted);
        return accepted;
    }

    /// <summary>The terms with every role replaced by the one party that has it.</summary>
    public static AgreementTerms Resolve(Session session, AgreementTerms terms)
    {
        var parties = RegistryRows.Parties(session);
        return terms.WithParties(reference => RoleNames.TryParse(reference, out var role) ? AgreementList.OnlyParty(role, parties) : reference);
    }

    private static void Note(Transaction transaction, string action, AgreementDocument? before, AgreementDocument after) =>
        transaction.Note(
            action, after.Id.ToString(CultureInfo.InvariantCulture), before, after, LedgerJson.Default.AgreementDocument);

    private static AgreementDocument Enact(Transaction transaction, AgreementDocument document, AgreementTerms terms, DateTimeOffset effective)
    {
        var until = terms.Until is { } last ? transaction.Zone.StartOf(last.Next) : (DateTimeOffset?)null;
        return document with { Version = TermRows.Insert(transaction.Session, document, effective, until) };
    }

    /// <summary>
    /// Retroactive terms with the version that they replace, and with everybody who earns by that and must accept it, too. Refuses to reach
    /// into a month that is closed, and back over a version: one takes the place of one.
    /// </summary>
    private static AgreementTerms Replacing(Transaction transaction, AgreementTerms terms)
    {
        var session = transaction.Session;
        var from = Beginning(transaction, terms)!.Value;
        if (from >= transaction.Now)
            throw new LedgerRefusedException(Refusal.NotRetroactive, "It begins later than now; leave out 'retroactive'.");
        var month = transaction.Zone.PeriodOf(from);
        if (transaction.LastPeriod.StatusOf(month) != PeriodStatus.Open)
            throw new LedgerRefusedException(
                Refusal.NotRetroactive, $"{month} is closed, and a closed month never changes, whoever accepts it.");
        var (then, now) = (InForce(from), InForce(transaction.Now));
        if (then != now)
            throw new LedgerRefusedException(
                Refusal.NotRetroactive,
                $"From {PriceList.FromOf(from)} on it would reach back over {(now is { } over ? $"version {over}" : "an agreement that has ended")}; "
                + "let it begin when that did, or later.");
        var replaced = then is { } version ? TermRows.Agreements(session).First(agreement => agreement.Version == version) : null;
        var developers = replaced?.HasDevelopers == true ? RegistryRows.Apps(session).Select(app => app.DeveloperId) : [];
        terms = terms with { Replaces = [], Affected = [] };
        return terms with
        {
            Replaces = replaced is null ? [] : [replaced.Version],
            Affected =
            [
                .. (replaced?.PartyIds ?? []).Concat(developers).Except(terms.PartyIds, StringComparer.Ordinal)
                    .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            ],
        };

        // No model has an empty name, so that asks for what holds for every other.
        long? InForce(DateTimeOffset at) => TermRows.AgreementInForce(session, terms.Model ?? "", at)?.Version;
    }

    private static DateTimeOffset? Beginning(Transaction transaction, AgreementTerms terms) =>
        terms.From is { } month ? transaction.Zone.StartOf(month) : terms.At;

    /// <summary>When a document takes effect: when it says, or at once.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="terms">The document.</param>
    /// <param name="isAccepted">
    /// Whether everybody has accepted it. Then it waits for the next month where it can't begin when it says: it was entered in time, and
    /// accepted late.
    /// </param>
    private static DateTimeOffset Effective(Transaction transaction, AgreementTerms terms, bool isAccepted)
    {
        var effective = Beginning(transaction, terms) ?? transaction.Now;
        if (effective < transaction.Now && !terms.IsRetroactive)
        {
            if (!isAccepted)
                throw new LedgerRefusedException(
                    Refusal.EffectiveInThePast,
                    $"{PriceList.FromOf(effective)} is past; let it begin later, or say 'retroactive: true', which all parties to what it replaces accept.");
            effective = transaction.Now;
        }
        if (ReplacesWithinMonth(transaction, terms.Model, effective))
        {
            // What names no beginning waits for the month.
            if (terms.IsRetroactive || (!isAccepted && Beginning(transaction, terms) is not null))
                throw new LedgerRefusedException(
                    Refusal.MonthInForce,
                    $"The agreement in force about {Named(terms.Model)} counts whole months; let the new one begin with one, such as {NextMonth(transaction)}.");
            effective = transaction.Zone.StartOf(NextMonth(transaction));
        }
        if (terms.Until is { } until && effective >= transaction.Zone.StartOf(until.Next))
            throw new LedgerRefusedException(Refusal.EffectiveInThePast, $"It would end with {until}, before it began.");
        return effective;
    }

    private static bool ReplacesWithinMonth(Transaction transaction, string? model, DateTimeOffset effective) =>
        effective != transaction.Zone.StartOf(transaction.Zone.PeriodOf(effective))
        && TermRows.Agreements(transaction.Session).Where(agreement => agreement.Model == model && agreement.EffectiveFrom <= effective)
            .MaxBy(agreement => (agreement.EffectiveFrom, agreement.Version)) is { IsSplit: false };

    private static Period NextMonth(Transaction transaction) => transaction.Zone.PeriodOf(transaction.Now).Next;

    private static string Named(string? model) => model is null ? "every other model" : $"'{model}'";
}
