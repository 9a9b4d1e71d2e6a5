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
        var customer = RegistryRows.Customer(session, valid.CustomerId)!;
        var decision = AdmitTo(session, valid, customer, model, now, LedgerRows.LimitsVersion(session));
        if (decision is Admission && customer.SpendingLimit is { } limit)
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
        return decision;
    }

    /// <summary>
    /// Lets usage in that a meter elsewhere told, whatever it takes the customer to: by a key that was not shut when it was used, at the
    /// terms of that instant. Throws <see cref="LedgerRefusedException"/>.
    /// </summary>
    public static Admission AdmitReported(Session session, UsageEvent used, long limitsVersion)
    {
        var at = used.At.ToWholeMicroseconds();
        var key = RegistryRows.Key(session, used.KeyId)!;
        var customer = RegistryRows.Customer(session, key.CustomerId)!;
        var app = key.AppId is null ? null : RegistryRows.App(session, key.AppId);
        if (key.Revoked <= at || customer.Revoked <= at || app?.Revoked <= at)
            throw new LedgerRefusedException(Refusal.UsageNotAdmitted, $"The key '{key.Id}', its customer or its app was revoked before.");
        return AdmitTo(session, key, customer, used.Model, at, limitsVersion) switch
        {
            Admission admission => admission,
            var decision => throw new LedgerRefusedException(Refusal.UsageNotAdmitted, ((AdmissionRefusal)decision).Message),
        };
    }

    /// <summary>By the terms in force at an instant, whatever is owed.</summary>
    private static AdmissionDecision AdmitTo(
        Session session, ApiKey key, Customer customer, string model, DateTimeOffset at, long limitsVersion)
    {
        if (TermRows.PriceFor(session, customer, model, at) is not { } price)
            return new AdmissionRefusal(
                AdmissionRefusalReason.ModelNotPriced, $"The model '{model}' has no price{(customer.Currency.IsTest ? " in fake money" : "")}.");
        if (TermRows.AgreementInForce(session, model, at) is not { } agreement)
            return new AdmissionRefusal(
                AdmissionRefusalReason.ModelWithoutAgreement, $"The model '{model}' has no agreement on who earns what.");
        if (agreement.Currency is { } only && only != price.Currency && !price.Currency.IsTest)
            return new AdmissionRefusal(
                AdmissionRefusalReason.ModelWithoutAgreement,
                $"The agreement on '{model}' shares {only}, and the model is charged in {price.Currency}.");
        if (customer.Currency != price.Currency && RefuseCurrency(session, customer, price, at) is { } refusal)
            return refusal;
        return new Admission
        {
            KeyId = key.Id,
            CustomerId = key.CustomerId,
            AppId = key.AppId,
            Price = price,
            AgreementVersion = agreement.Version,
            AdmittedAt = at,
            Period = LedgerRows.Zone(session).PeriodOf(at),
            LimitedSubjects = [.. LimitList.Limited(session, key.Id, customer, key.AppId)],
            LimitsVersion = limitsVersion,
        };
    }

    /// <summary>
    /// A price in another currency needs a rate. What is owed in two currencies can't be held against a limit in one, so there may be none.
    /// </summary>
    private static AdmissionRefusal? RefuseCurrency(Session session, Customer customer, Price price, DateTimeOffset now)
    {
        var message = $"The model '{price.Model}' is charged in {price.Currency}, the customer in {customer.Currency}";
        if (RateRows.InForce(session, price.Currency, customer.Currency, now) is null)
            return new(AdmissionRefusalReason.CurrencyMismatch, $"{message}, and no exchange rate is in force.");
        return customer.SpendingLimit is null
            ? null
            : new(AdmissionRefusalReason.CurrencyMismatch, $"{message}, whose spending limit is in its own currency.");
    }
}
