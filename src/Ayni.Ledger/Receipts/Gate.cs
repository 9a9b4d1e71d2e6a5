namespace Ayni.Ledger;

/// <summary>Lets keys in and requests through. Reads only.</summary>
internal static class Gate
{
    public static ApiKey? Authenticate(Session session, string? presented)
    {
        if (KeyText.Parse(presented) is not { } text)
            return null;
        var found = RegistryRows.ValidKey(session, text.KeyId);
        // An unknown key is compared with a hash nobody can find the secret of, so that it takes as long as a known one.
        return text.Matches(found?.SecretHash ?? Digest.Zero) ? found?.Key : null;
    }

    public static AdmissionDecision Admit(Session session, ApiKey key, string model, DateTimeOffset now)
    {
        if (RegistryRows.ValidKey(session, key.Id)?.Key is not { } valid)
            return new AdmissionRefusal(AdmissionRefusalReason.KeyRevoked, "The key is no longer valid.");
        if (TermRows.PriceFor(session, valid.CustomerId!, model, now) is not { } price)
            return new AdmissionRefusal(AdmissionRefusalReason.ModelNotPriced, $"The model '{model}' has no price.");
        if (TermRows.AgreementInForce(session, model, now) is not { } agreement)
            return new AdmissionRefusal(
                AdmissionRefusalReason.ModelWithoutAgreement, $"The model '{model}' has no agreement on who earns what.");
        if (agreement.Currency is { } only && only != price.Currency)
            return new AdmissionRefusal(
                AdmissionRefusalReason.ModelWithoutAgreement,
                $"The agreement on '{model}' shares {only}, and the model is charged in {price.Currency}.");
        var customer = RegistryRows.Customer(session, valid.CustomerId)!;
        if (customer.Currency != price.Currency)
            return new AdmissionRefusal(
                AdmissionRefusalReason.CurrencyMismatch,
                $"The model '{model}' is charged in {price.Currency}, the customer in {customer.Currency}.");
        if (customer.SpendingLimit is { } limit)
        {
            var owed = JournalRows.Net(session, Account.Receivable(customer.Id), customer.Currency)
                - CreditRows.Available(session, customer.Id, customer.Currency, now);
            if (owed >= limit)
            {
                return new AdmissionRefusal(
                    AdmissionRefusalReason.InsufficientQuota,
                    $"Unpaid charges of {owed} have reached the spending limit of {limit}.",
                    owed,
                    limit,
                    Amount.Zero(limit.Currency));
            }
        }
        return new Admission
        {
            KeyId = valid.Id,
            CustomerId = valid.CustomerId,
            AppId = valid.AppId,
            Price = price,
            AgreementVersion = agreement.Version,
            AdmittedAt = now,
            Period = LedgerRows.Zone(session).PeriodOf(now),
            LimitedSubjects = [.. LimitList.Limited(session, valid.Id, customer, valid.AppId)],
            LimitsVersion = LedgerRows.LimitsVersion(session),
        };
    }
}
