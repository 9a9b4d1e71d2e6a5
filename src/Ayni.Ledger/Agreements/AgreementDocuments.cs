using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Enters agreements that are documents. Their amounts are for calendar months, so one follows another with a month; only where no document
/// was in force may the first take effect at once.
/// </summary>
internal static class AgreementDocuments
{
    /// <summary>Resolves a document's roles and stores it; it is an agreement's next version unless it must be accepted first.</summary>
    public static AgreementDocument Enter(Transaction transaction, AgreementTerms terms)
    {
        terms = Resolve(transaction.Session, terms);
        foreach (var partyId in terms.PartyIds)
            Registry.DemandParty(transaction, partyId);
        foreach (var hostId in terms.Shares.SelectMany(share => share.Hosts))
            Registry.DemandHost(transaction, hostId);
        // Who signs its agreements is bound by none that it has not signed.
        if (terms.PartyIds.Any(PartyKeyRows.Signers(transaction.Session).Contains))
            terms = terms with { RequiresAcceptance = true };
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
        var effective = terms.RequiresAcceptance ? (DateTimeOffset?)null : Effective(transaction, terms);
        var document = AgreementRows.Insert(transaction.Session, terms, transaction.Now);
        if (effective is { } from)
            document = Enact(transaction, document, terms, from);
        Note(transaction, "enter_agreement", null, document);
        return document;
    }

    /// <summary>Records that a party accepted a document. With the last one that must, it becomes a version.</summary>
    public static AgreementDocument Accept(Transaction transaction, long documentId, string partyId, string? note)
    {
        if (note is not null)
            Text.Demand(note, "note");
        var document = AgreementRows.Document(transaction.Session, documentId);
        if (document.Acceptances.Any(acceptance => acceptance.PartyId == partyId))
            return document;
        DemandParty(document, partyId);
        if (PartyKeyRows.Signers(transaction.Session).Contains(partyId))
            throw new LedgerRefusedException(
                Refusal.SignatureNeeded, $"{partyId} has a key, so it accepts by its signature: see 'ayni agreement sign'.");
        return Complete(transaction, document, [new(partyId, transaction.Now, note)]);
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
            DemandParty(document, partyId);
            if (PartyKeyRows.InForce(transaction.Session, partyId) is not { } key)
                throw new LedgerRefusedException(
                    Refusal.UnknownPartyKey, $"{partyId} has no key in force here; register it first: 'ayni party key register'.");
            if (document.Acceptances.Any(acceptance => acceptance.PartyId == partyId))
                continue;
            var verifier = PublicKey.Parse(key.Key);
            if (verifier.Id != signature.KeyId || !signed.IsSignedBy(verifier, signature.Bytes))
                throw new LedgerRefusedException(
                    Refusal.InvalidSignature, $"The signature of {partyId} is not that of its key {key.Id} over this document.");
            acceptances.Add(new(partyId, transaction.Now, null, key.Key, Convert.ToBase64String(signature.Bytes)));
        }
        return acceptances.Count == 0 ? document : Complete(transaction, document, acceptances);
    }

    private static void DemandParty(AgreementDocument document, string partyId)
    {
        if (!document.Terms.PartyIds.Contains(partyId, StringComparer.Ordinal))
            throw new LedgerRefusedException(
                Refusal.NotAParty, $"{partyId} is no party to document {document.Id}; {string.Join(", ", document.Terms.PartyIds)} are.");
    }

    /// <summary>Adds acceptances, each of another party that had none; if all are there, the document is in force.</summary>
    private static AgreementDocument Complete(Transaction transaction, AgreementDocument document, IReadOnlyList<Acceptance> acceptances)
    {
        var accepted = document with
        {
            Acceptances = [.. document.Acceptances.Concat(acceptances).OrderBy(one => one.PartyId, StringComparer.Ordinal)],
        };
        var isComplete = accepted.Version is null && accepted.Missing.Count == 0;
        var effective = isComplete ? Effective(transaction, document.Terms, mayWait: true) : default;
        foreach (var acceptance in acceptances)
            AgreementRows.Insert(transaction.Session, document.Id, acceptance);
        if (isComplete)
            accepted = Enact(transaction, accepted, document.Terms, effective);
        Note(transaction, "accept_agreement", document, accepted);
        return accepted;
    }

    /// <summary>Refuses a version that would take over from a document within a month.</summary>
    public static void DemandWholeMonth(Transaction transaction, string? model, DateTimeOffset effective)
    {
        if (ReplacesWithinMonth(transaction, model, effective))
            throw new LedgerRefusedException(
                Refusal.MonthInForce,
                $"The agreement in force about {Named(model)} counts whole months; let the new one begin with one, such as {NextMonth(transaction)}.");
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
        var agreement = TermRows.Insert(
            transaction.Session, new Agreement(0, terms.Model, [], null, effective, document), terms.Currency, until);
        return document with { Version = agreement.Version };
    }

    /// <summary>When a document takes effect: with its first month, or at once.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="terms">The document.</param>
    /// <param name="mayWait">
    /// Whether it waits for the next month where it can't begin with the one it names: it was entered in time, and accepted late.
    /// </param>
    private static DateTimeOffset Effective(Transaction transaction, AgreementTerms terms, bool mayWait = false)
    {
        var effective = terms.From is { } from ? transaction.Zone.StartOf(from) : transaction.Now;
        if (effective < transaction.Now)
            effective = mayWait ? transaction.Now : PriceList.DemandFuture(transaction, effective);
        if (ReplacesWithinMonth(transaction, terms.Model, effective))
        {
            if (!mayWait)
                DemandWholeMonth(transaction, terms.Model, effective);
            effective = transaction.Zone.StartOf(NextMonth(transaction));
        }
        if (terms.Until is { } until && effective >= transaction.Zone.StartOf(until.Next))
            throw new LedgerRefusedException(Refusal.EffectiveInThePast, $"It would end with {until}, before it began.");
        return effective;
    }

    private static bool ReplacesWithinMonth(Transaction transaction, string? model, DateTimeOffset effective) =>
        effective != transaction.Zone.StartOf(transaction.Zone.PeriodOf(effective))
        && TermRows.Agreements(transaction.Session).Where(agreement => agreement.Model == model && agreement.EffectiveFrom <= effective)
            .MaxBy(agreement => (agreement.EffectiveFrom, agreement.Version)) is { Document: not null };

    private static Period NextMonth(Transaction transaction) => transaction.Zone.PeriodOf(transaction.Now).Next;

    private static string Named(string? model) => model is null ? "every other model" : $"'{model}'";
}
