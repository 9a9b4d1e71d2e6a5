namespace Ayni.Ledger;

/// <summary>Raises, answers and resolves objections. A job of the writer. Each step is in the log from its transaction on.</summary>
internal sealed class Disputes(Identifiers identifiers)
{
    /// <summary>Characters of the longest thing said.</summary>
    private const int LongestText = 2000;

    /// <summary>How many objections of one party or customer may be open, and how often it may reply before it is answered.</summary>
    private const int MostOpen = 50, MostReplies = 5;

    /// <summary>Raises an objection for a party or customer.</summary>
    public Objection Raise(
        Transaction transaction, string holderId, ObjectionSubject subject, string reference, Period? period, string says)
    {
        Text.Demand(says, "objection", LongestText);
        var session = transaction.Session;
        var isParty = RegistryRows.Party(session, holderId) is not null;
        if (!isParty && RegistryRows.Customer(session, holderId) is null)
            throw Registry.Unknown(Refusal.UnknownParty, "party or customer", holderId);
        var month = subject switch
        {
            ObjectionSubject.Receipt => MonthOfReceipt(session, holderId, isParty, reference),
            _ when !isParty => throw new LedgerRefusedException(Refusal.InvalidObjection, "A customer objects to receipts."),
            ObjectionSubject.Statement => Period.TryParse(reference, out var named)
                ? named
                : throw new LedgerRefusedException(Refusal.InvalidObjection, $"'{reference}' is no month; a statement's reference is one."),
            _ => period is { } given && DeductionRows.Of(session, given).Any(deduction => deduction.EvidenceId == reference)
                ? given
                : throw new LedgerRefusedException(Refusal.InvalidObjection, $"No deduction of {period} has the evidence '{reference}'."),
        };
        if (month >= transaction.Zone.PeriodOf(transaction.Now).Next)
            throw new LedgerRefusedException(Refusal.InvalidObjection, $"{month} has not begun.");
        var open = ObjectionRows.All(session, raisedBy: holderId).Where(other => other.State != ObjectionState.Resolved).ToList();
        if (open.Find(other => (other.Subject, other.Reference, other.Period) == (subject, reference, month)) is { } same)
            throw new LedgerRefusedException(Refusal.InvalidObjection, $"{same.Id} about it is open; reply to that one.");
        if (open.Count >= MostOpen)
            throw new LedgerRefusedException(Refusal.InvalidObjection, $"{open.Count} objections of {holderId} are open; wait until some are resolved.");
        var objection = new Objection(identifiers.New("obj"), subject, reference, month, holderId, []);
        ObjectionRows.Insert(session, objection, transaction.Now);
        return Add(transaction, objection, ObjectionState.Raised, holderId, says, null);
    }

    /// <summary>Adds what is said: by who raised it (<paramref name="holderId"/>), or by whoever acts for the ledger.</summary>
    public static Objection Reply(Transaction transaction, string id, string? holderId, string says)
    {
        var objection = DemandOpen(transaction.Session, id, holderId);
        if (holderId is not null && objection.Steps.Reverse().TakeWhile(step => step.By == holderId).Count() > MostReplies)
            throw new LedgerRefusedException(Refusal.InvalidObjection, $"{id} waits for an answer; {MostReplies} replies are there already.");
        return Add(
            transaction, objection, holderId is null ? ObjectionState.Answered : ObjectionState.Raised, holderId ?? transaction.Actor,
            Text.Demand(says, "reply", LongestText), null);
    }

    /// <summary>
    /// Ends an objection: with the credit note or deduction that puts it right, or saying why nothing is to be put right.
    /// </summary>
    public static Objection Resolve(Transaction transaction, string id, string says, string? correction)
    {
        var session = transaction.Session;
        var objection = DemandOpen(session, id, null);
        Text.Demand(says, "answer", LongestText);
        if (correction is not null && InvoiceRows.Find(session, correction)?.Kind != InvoiceKind.CreditNote
            && !DeductionRows.HasEvidence(session, correction))
            throw new LedgerRefusedException(
                Refusal.InvalidObjection, $"'{correction}' is no credit note's number and no deduction's evidence; record the correction first.");
        return Add(transaction, objection, ObjectionState.Resolved, transaction.Actor, says, correction);
    }

    private static Objection Add(
        Transaction transaction, Objection objection, ObjectionState state, string by, string says, string? correction)
    {
        var step = new ObjectionStep(objection.Steps.Length + 1, state, transaction.Now, by, says, correction);
        var changed = objection with { Steps = objection.Steps.Add(step) };
        ObjectionRows.Insert(transaction.Session, objection.Id, step);
        LogRows.Append(transaction.Session, changed.EntryOf(step));
        transaction.Note(
            $"objection_{state.ToString().ToLowerInvariant()}", objection.Id, objection.Steps.IsEmpty ? null : objection, changed,
            LedgerJson.Default.Objection);
        return changed;
    }

    private static Objection DemandOpen(Session session, string id, string? holderId)
    {
        if (ObjectionRows.Find(session, id) is not { } objection || (holderId is not null && objection.RaisedBy != holderId))
            throw Registry.Unknown(Refusal.UnknownObjection, "objection", id);
        return objection.State != ObjectionState.Resolved
            ? objection
            : throw new LedgerRefusedException(Refusal.NotOpen, $"{id} was resolved; raise another one.");
    }

    /// <summary>The month of a receipt; to who has no part in it, it is not there.</summary>
    private static Period MonthOfReceipt(Session session, string holderId, bool isParty, string id)
    {
        if (ReceiptRows.FindById(session, id) is { } receipt && (isParty ? Shares(session, holderId, receipt) : receipt.CustomerId == holderId))
            return receipt.Period;
        throw Registry.Unknown(Refusal.UnknownReceipt, "receipt", id);
    }

    private static bool Shares(Session session, string partyId, Receipt receipt)
    {
        if (receipt.AppId is { } app && RegistryRows.App(session, app)?.DeveloperId == partyId)
            return true;
        var version = FactRows.Revenue(session).AgreementOf(receipt);
        return TermRows.Agreements(session).First(agreement => agreement.Version == version).PartyIds.Contains(partyId);
    }
}
