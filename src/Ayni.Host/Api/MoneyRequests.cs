using Ayni.Ledger;

namespace Ayni.Host;

// What operations take that move money, or set its bounds.

/// <summary>A credit note to be issued.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Reference">What you call the note; asked again by the same one, it is issued once.</param>
/// <param name="Lines">What to credit of which lines; all that is left of the invoice if absent.</param>
internal sealed record NewCreditNote(string Reason, string Reference, NewCreditLine[]? Lines = null);

/// <summary>A part of an invoice's line, the first being 1, before tax.</summary>
internal sealed record NewCreditLine(int Line, string Amount);

/// <summary>Why something is done.</summary>
internal sealed record NewReason(string Reason);

/// <summary>What lessens the shares of a month.</summary>
/// <param name="Type">What it is, such as <c>payment-fee</c>.</param>
/// <param name="Evidence">What proves it: a report's or payment's own number.</param>
/// <param name="Period">The month it is about; it counts in the first open one from there on.</param>
/// <param name="Amount">How much; negative takes an earlier one back.</param>
/// <param name="Currency">In what.</param>
/// <param name="Model">The model whose revenue it lessens; every one's if absent.</param>
/// <param name="AppId">The app whose revenue it lessens; every one's and none's if absent.</param>
internal sealed record NewDeduction(
    string Type, string Evidence, string Period, string Amount, string Currency, string? Model = null, string? AppId = null)
{
    internal Amount Money => BodyValues.Amount("amount", Amount, BodyValues.Currency("currency", Currency));
}

/// <summary>What customers paid to somebody else.</summary>
/// <param name="Evidence">What proves it: a report's or payment's own number.</param>
/// <param name="Period">The month of the payment.</param>
/// <param name="Model">The model that was paid for.</param>
/// <param name="Amount">How much; negative takes an earlier one back.</param>
/// <param name="Currency">In what.</param>
/// <param name="AppId">The app that was paid for; every one and none if absent.</param>
internal sealed record NewCollection(string Evidence, string Period, string Model, string Amount, string Currency, string? AppId = null);

/// <summary>An exchange by the bank of money that customers paid.</summary>
/// <param name="Evidence">The bank's own number of it.</param>
/// <param name="Sold">What was given.</param>
/// <param name="SoldCurrency">In what: the customers' currency.</param>
/// <param name="Bought">What was got for it.</param>
/// <param name="BoughtCurrency">In what: the prices' currency.</param>
internal sealed record NewExchange(string Evidence, string Sold, string SoldCurrency, string Bought, string BoughtCurrency);

/// <summary>Money from or to a customer.</summary>
/// <param name="CustomerId">The customer.</param>
/// <param name="Amount">How much.</param>
/// <param name="Currency">In what.</param>
/// <param name="BankReference">What the bank calls it; recorded once.</param>
/// <param name="ValueDate">The day the bank booked it.</param>
internal sealed record NewPayment(string CustomerId, string Amount, string Currency, string BankReference, string ValueDate);

/// <summary>What the bank says of a payment or payout.</summary>
/// <param name="BankReference">What the bank calls it.</param>
/// <param name="ValueDate">The day the bank booked it.</param>
/// <param name="Reason">Why, where something was returned.</param>
internal sealed record NewBankEvent(string BankReference, string ValueDate, string? Reason = null);

/// <summary>Payouts to be ordered.</summary>
/// <param name="Currency">The currency.</param>
/// <param name="ExecutionDate">When the bank is to pay; today if absent.</param>
/// <param name="Entity">The legal entity that pays; may be absent if there is one.</param>
internal sealed record NewPayouts(string Currency, string? ExecutionDate = null, string? Entity = null);

/// <summary>Where somebody has its account.</summary>
/// <param name="Holder">The account holder's name.</param>
/// <param name="Iban">The account.</param>
/// <param name="Bic">The bank.</param>
internal sealed record NewBankDetails(string Holder, string Iban, string? Bic = null);

/// <summary>Whom somebody has as its contact.</summary>
/// <param name="Name">The person or office.</param>
/// <param name="Email">Its e-mail address.</param>
/// <param name="Language">In which it is written to: en, ar, fa or es; English if absent.</param>
internal sealed record NewContact(string Name, string Email, string? Language = null);

/// <summary>That a notice was sent.</summary>
/// <param name="How">How.</param>
internal sealed record SentNotice(string How);

/// <summary>An endpoint to be entered.</summary>
/// <param name="Url">Where to send.</param>
/// <param name="Subject">The party or customer that is told; everything if absent.</param>
internal sealed record NewWebhook(string Url, string? Subject = null);

/// <summary>What invoices say about somebody.</summary>
/// <param name="LegalName">Its name in the register.</param>
/// <param name="Address">Street and place, separated by commas.</param>
/// <param name="Country">Its country, two capital letters of ISO 3166.</param>
/// <param name="TaxId">Its number with the tax authority.</param>
/// <param name="Taxes">What is added to amounts, and what is withheld from a party.</param>
/// <param name="DueDays">Days from an invoice's issue to its due date.</param>
internal sealed record NewBilling(
    string LegalName, string? Address = null, string? Country = null, string? TaxId = null, NewTax[]? Taxes = null,
    int DueDays = BillingDetails.DefaultDueDays)
{
    public BillingDetails Of(string subject) => new(
        subject, 0, LegalName, Address ?? "", Country ?? "", TaxId, [.. (Taxes ?? []).Select(tax => tax.Read())], DueDays);
}

/// <summary>A tax.</summary>
/// <param name="Name">What invoices call it.</param>
/// <param name="PartsPerMillion">Its rate: 210000 is 21 %.</param>
/// <param name="IsWithheld">Whether it is kept back from what a party is paid.</param>
/// <param name="Certificate">By which less is withheld while it is valid.</param>
internal sealed record NewTax(string Name, int PartsPerMillion, bool IsWithheld = false, NewTaxCertificate? Certificate = null)
{
    public Tax Read() => new(Name, PartsPerMillion, IsWithheld, Certificate is { } certificate
        ? new(
            certificate.Number, certificate.PartsPerMillion, BodyValues.Day("taxes.certificate.valid_from", certificate.ValidFrom),
            BodyValues.Day("taxes.certificate.valid_until", certificate.ValidUntil))
        : null);
}

/// <summary>A tax authority's certificate.</summary>
/// <param name="Number">What the authority calls it.</param>
/// <param name="PartsPerMillion">The rate while it is valid.</param>
/// <param name="ValidFrom">Its first day.</param>
/// <param name="ValidUntil">Its last day.</param>
internal sealed record NewTaxCertificate(string Number, int PartsPerMillion, string ValidFrom, string ValidUntil);

/// <summary>Limits; what is absent is not limited.</summary>
/// <param name="PerDay">What requests of a day may cost.</param>
/// <param name="PerMonth">What requests of a month may cost.</param>
/// <param name="Currency">What that money is in.</param>
/// <param name="RequestsPerMinute">Requests within any sixty seconds.</param>
/// <param name="TokensPerMinute">Tokens within any sixty seconds.</param>
internal sealed record NewLimits(
    string? PerDay = null, string? PerMonth = null, string? Currency = null, long? RequestsPerMinute = null, long? TokensPerMinute = null)
{
    public Limits Of(string subject) => new(
        subject, Money("per_day", PerDay), Money("per_month", PerMonth), RequestsPerMinute, TokensPerMinute);

    private Amount? Money(string field, string? text)
    {
        if (text is null)
            return null;
        var code = Currency ?? throw ApiException.BadField("currency", "is missing: what the money is in.");
        return BodyValues.Amount(field, text, BodyValues.Currency("currency", code));
    }
}
