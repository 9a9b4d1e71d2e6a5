namespace Ayni.Ledger;

/// <summary>
/// Lets keys in and requests through. Reads only; what was found is kept as long as the database says that no terms changed, which it is
/// asked each time. Thread-safe.
/// </summary>
internal sealed class Gate(Readers readers)
{
    private volatile KeysInForce? _keys;
    private volatile TermsInForce? _terms;

    public ApiKey? Authenticate(string? presented)
    {
        if (KeyText.Parse(presented) is not { } text)
            return null;
        var found = _keys is { } keys && keys.Find(text.KeyId) is { } known && readers.ReadOnce(LedgerRows.TermsVersion) == keys.Version
            ? known
            : readers.Read(session => FindKey(session, text.KeyId));
        // An unknown key is compared with a hash nobody can find the secret of, so that it takes as long as a known one.
        return text.Matches(found?.SecretHash ?? Digest.Zero) ? found?.Key : null;
    }

    public AdmissionDecision Admit(ApiKey key, string model, DateTimeOffset now)
    {
        if (_terms is { } terms && terms.Cover(now) && terms.Find(key.Id, model) is { } known)
        {
            var (version, owed) = known.Customer.SpendingLimit is null
                ? (readers.ReadOnce(LedgerRows.TermsVersion), Amount.Zero(known.Customer.Currency))
                : readers.ReadOnce(session => LedgerRows.TermsVersionAndNet(
                    session, Account.Receivable(known.Customer.Id), known.Customer.Currency));
            if (version == terms.Version)
                return Within(known.Customer, owed, known.Admission with { AdmittedAt = now });
        }
        return readers.Read(session => Admit(session, key, model, now));
    }

    /// <summary>
    /// By what was found before, without asking the database whether it still holds: whoever reserves must (<see cref="AdmitAgain"/>). Null
    /// if nothing was found for this instant.
    /// </summary>
    public Admission? Remember(ApiKey key, string model, DateTimeOffset now) =>
        _terms is { } terms && terms.Cover(now) && terms.Find(key.Id, model) is { } known ? known.Admission with { AdmittedAt = now } : null;

    /// <summary>The decision for the instant of an admission, by terms that may have changed since they were found.</summary>
    public static AdmissionDecision AdmitAgain(Transaction transaction, Admission admission)
    {
        if (admission.TermsVersion == transaction.TermsVersion)
            return admission;
        var session = transaction.Session;
        return RegistryRows.ValidKey(session, admission.KeyId)?.Key is { } key
            ? AdmitTo(
                session, key, RegistryRows.Customer(session, key.CustomerId)!, admission.Model, admission.AdmittedAt, transaction.TermsVersion)
            : KeyRevoked;
    }

    private static AdmissionRefusal KeyRevoked => new(AdmissionRefusalReason.KeyRevoked, "The key is no longer valid.");

    private ValidKey? FindKey(Session session, string keyId)
    {
        var version = LedgerRows.TermsVersion(session);
        if (_keys is not { } keys || keys.Version != version)
            _keys = keys = new(version);
        if (RegistryRows.ValidKey(session, keyId) is not { } found)
            return null;
        keys.Add(found);
        return found;
    }

    private AdmissionDecision Admit(Session session, ApiKey key, string model, DateTimeOffset now)
    {
        if (RegistryRows.ValidKey(session, key.Id)?.Key is not { } valid)
            return KeyRevoked;
        var customer = RegistryRows.Customer(session, valid.CustomerId)!;
        var version = LedgerRows.TermsVersion(session);
        var decision = AdmitTo(session, valid, customer, model, now, version);
        if (decision is not Admission admission)
            return decision;
        // What credits pay changes with time.
        var credits = CreditRows.OfCustomer(session, customer.Id);
        if (credits.Count == 0)
        {
            if (_terms is not { } terms || terms.Version != version || !terms.Cover(now))
                _terms = terms = TermsInForce.Of(session, version, now);
            terms.Add(model, new(customer, admission));
        }
        if (customer.SpendingLimit is null)
            return admission;
        var owed = JournalRows.Net(session, Account.Receivable(customer.Id), customer.Currency)
            - CreditRows.Available(session, customer.Id, customer.Currency, now);
        return Within(customer, owed, admission);
    }

    /// <summary>The admission, unless what is owed has reached the customer's limit.</summary>
    private static AdmissionDecision Within(Customer customer, Amount owed, Admission admission) =>
        customer.SpendingLimit is { } limit && owed >= limit
            ? new AdmissionRefusal(
                AdmissionRefusalReason.InsufficientQuota,
                $"Unpaid charges of {owed} have reached the spending limit of {limit}.",
                owed,
                limit,
                Amount.Zero(limit.Currency))
            : admission;

    /// <summary>
    /// Lets usage in that a meter elsewhere told, whatever it takes the customer to: by a key that was not shut when it was used, at the
    /// terms of that instant. Throws <see cref="LedgerRefusedException"/>.
    /// </summary>
    public static Admission AdmitReported(Session session, UsageEvent used, long termsVersion)
    {
        var at = used.At.ToWholeMicroseconds();
        var key = RegistryRows.Key(session, used.KeyId)!;
        var customer = RegistryRows.Customer(session, key.CustomerId)!;
        var app = key.AppId is null ? null : RegistryRows.App(session, key.AppId);
        if (key.Revoked <= at || customer.Revoked <= at || app?.Revoked <= at)
            throw new LedgerRefusedException(Refusal.UsageNotAdmitted, $"The key '{key.Id}', its customer or its app was revoked before.");
        return AdmitTo(session, key, customer, used.Model, at, termsVersion) switch
        {
            Admission admission => admission,
            var decision => throw new LedgerRefusedException(Refusal.UsageNotAdmitted, ((AdmissionRefusal)decision).Message),
        };
    }

    /// <summary>By the terms in force at an instant, whatever is owed.</summary>
    private static AdmissionDecision AdmitTo(
        Session session, ApiKey key, Customer customer, string model, DateTimeOffset at, long termsVersion)
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
            TermsVersion = termsVersion,
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
