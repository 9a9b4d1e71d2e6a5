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
        var document = AgreementRows.Documents(transaction.Session).FirstOrDefault(document => document.Id == documentId)
            ?? throw new LedgerRefusedException(Refusal.UnknownDocument, $"There is no agreement's document {documentId}.");
        if (document.Acceptances.Any(acceptance => acceptance.PartyId == partyId))
            return document;
        if (!document.Missing.Contains(partyId, StringComparer.Ordinal))
            throw new LedgerRefusedException(
                Refusal.NotAParty, $"{partyId} is no party to document {documentId}; {string.Join(", ", document.Terms.PartyIds)} are.");
        var acceptance = new Acceptance(partyId, transaction.Now, note);
        var accepted = document with
        {
            Acceptances = [.. document.Acceptances.Append(acceptance).OrderBy(one => one.PartyId, StringComparer.Ordinal)],
        };
        var isComplete = accepted.Version is null && accepted.Missing.Count == 0;
        var terms = document.Terms;
        var effective = isComplete ? Effective(transaction, terms, mayWait: true) : default;
        AgreementRows.Insert(transaction.Session, documentId, acceptance);
        if (isComplete)
            accepted = Enact(transaction, accepted, terms, effective);
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
