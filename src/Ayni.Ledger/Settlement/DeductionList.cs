namespace Ayni.Ledger;

/// <summary>Records deductions. A job of the writer, or a part of one that posts the entry: it refuses, or it writes.</summary>
internal static class DeductionList
{
    /// <summary>
    /// Records a deduction in the first open month from its service period on; its own <see cref="Deduction.Period"/> is not looked at.
    /// The same one recorded again gives the first.
    /// </summary>
    public static Deduction Record(Transaction transaction, Deduction deduction)
    {
        Text.Demand(deduction.EvidenceId, "deduction's evidence");
        if (deduction.Model is not null)
            Text.Demand(deduction.Model, "model's name");
        if (deduction.AppId is { } appId && RegistryRows.App(transaction.Session, appId) is null)
            throw Registry.Unknown(Refusal.UnknownApp, "app", appId);
        if (deduction.Amount.Sign == 0)
            throw new LedgerRefusedException(Refusal.InvalidDeduction, "A deduction of nothing; give an amount.");
        DemandPast(transaction, deduction.ServicePeriod);
        if (deduction.Entry is not null && deduction.Model is null)
            throw new LedgerRefusedException(Refusal.InvalidDeduction, "A deduction that an entry took out of revenue names the model.");
        if (DeductionRows.Find(transaction.Session, deduction) is { } first)
            return first == deduction with { Period = first.Period }
                ? first
                : throw new LedgerRefusedException(
                    Refusal.EvidenceReused,
                    $"The {deduction.Type.Name()} '{deduction.EvidenceId}' was recorded with {first.Amount} of {first.ServicePeriod} before; "
                    + "a deduction never changes, so take it back by a negative one with evidence of its own.");
        deduction = deduction with { Period = transaction.FirstOpen(deduction.ServicePeriod) };
        DeductionRows.Insert(transaction.Session, deduction, transaction.Now);
        transaction.Note("record_deduction", deduction.EvidenceId, null, deduction, LedgerJson.Default.Deduction);
        return deduction;
    }

    /// <summary>Refuses a month to come: nothing has been earned in it.</summary>
    public static void DemandPast(Transaction transaction, Period period)
    {
        if (period > transaction.Zone.PeriodOf(transaction.Now))
            throw new LedgerRefusedException(Refusal.InvalidDeduction, $"{period} has not begun; nothing was earned, paid or lost in it.");
    }

    /// <summary>Records a deduction that its customer signed, with the signature.</summary>
    public static Deduction RecordSigned(
        Transaction transaction, DeductionNote note, IReadOnlyList<NoteSignature> signatures, string origin)
    {
        if (PartyKeyRows.InForce(transaction.Session, note.CustomerId) is not { } key)
            throw new LedgerRefusedException(
                Refusal.UnknownPartyKey, $"{note.CustomerId} has no key in force here; register it first: 'ayni party key register'.");
        var verifier = PublicKey.Parse(key.Key);
        var signature = signatures.FirstOrDefault(one => one.Name == note.CustomerId && one.KeyId == verifier.Id).Bytes;
        if (note.Origin != origin || signature is null || !verifier.Verify(System.Text.Encoding.UTF8.GetBytes(note.Text), signature))
            throw new LedgerRefusedException(
                Refusal.InvalidSignature, $"This is no deduction of this ledger that {note.CustomerId} has signed with its key {key.Id}.");
        return Record(transaction, note.Deduction with { SignedBy = new(note.CustomerId, key.Key, Convert.ToBase64String(signature)) });
    }
}
