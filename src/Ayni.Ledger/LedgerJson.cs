using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// The JSON views: names in snake_case, amounts as exact decimal strings beside their currency, times in ISO 8601, digests in hexadecimal.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(SignedReceipt))]
[JsonSerializable(typeof(RevenueLine))]
[JsonSerializable(typeof(DeductionItem))]
[JsonSerializable(typeof(SplitItem))]
[JsonSerializable(typeof(ReceiptPage))]
[JsonSerializable(typeof(Statement))]
[JsonSerializable(typeof(PeriodSettlement))]
[JsonSerializable(typeof(IReadOnlyList<Balance>))]
[JsonSerializable(typeof(EntryPage))]
[JsonSerializable(typeof(IReadOnlyList<Invoice>))]
[JsonSerializable(typeof(IReadOnlyList<BillingDetails>))]
[JsonSerializable(typeof(IReadOnlyList<CustomerAccount>))]
[JsonSerializable(typeof(IReadOnlyList<Payment>))]
[JsonSerializable(typeof(IReadOnlyList<WriteOff>))]
[JsonSerializable(typeof(IReadOnlyList<Entry>))]
[JsonSerializable(typeof(IReadOnlyList<Party>))]
[JsonSerializable(typeof(IReadOnlyList<Customer>))]
[JsonSerializable(typeof(IReadOnlyList<App>))]
[JsonSerializable(typeof(IReadOnlyList<ApiKey>))]
[JsonSerializable(typeof(IssuedKey))]
[JsonSerializable(typeof(IReadOnlyList<Price>))]
[JsonSerializable(typeof(IReadOnlyList<Agreement>))]
[JsonSerializable(typeof(IReadOnlyList<AgreementDocument>))]
[JsonSerializable(typeof(IReadOnlyList<AgreementResult>))]
[JsonSerializable(typeof(IReadOnlyList<Statement>))]
[JsonSerializable(typeof(IReadOnlyList<PeriodState>))]
[JsonSerializable(typeof(OperatorAction))]
[JsonSerializable(typeof(Attestation))]
[JsonSerializable(typeof(CustomerUsage))]
[JsonSerializable(typeof(PartyEarnings))]
[JsonSerializable(typeof(IReadOnlyList<Deduction>))]
[JsonSerializable(typeof(IReadOnlyList<Limits>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyList<Collection>))]
[JsonSerializable(typeof(CustomerProfile))]
[JsonSerializable(typeof(PartyDetails))]
[JsonSerializable(typeof(IReadOnlyList<Adjustment>))]
[JsonSerializable(typeof(IReadOnlyList<Subscription>))]
[JsonSerializable(typeof(IReadOnlyList<Credit>))]
[JsonSerializable(typeof(IReadOnlyList<CreditUse>))]
public sealed partial class LedgerJson : JsonSerializerContext;
