using System.Text.Json.Serialization;

namespace Ayni.Host;

// What operations of the ledger take. A field that is not said here is refused, and so is one given twice.

/// <summary>A party to be entered.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Role">What it does: <c>licensor</c>, <c>host</c>, <c>developer</c>, …</param>
internal sealed record NewParty(string Name, string Role);

/// <summary>A party's or customer's key to sign with, to be registered.</summary>
/// <param name="Key">The public key, as <c>ayni party key new</c> prints it, or the note by which the key before endorses it.</param>
internal sealed record NewPartyKey(string Key);

/// <summary>An agreement's document that parties have signed, or a deduction that a customer has.</summary>
/// <param name="Note">What <c>ayni agreement sign</c> or <c>ayni customer sign</c> prints.</param>
internal sealed record SignedDocument(string Note);

/// <summary>An objection to be raised.</summary>
/// <param name="Subject"><c>statement</c>, <c>receipt</c> or <c>deduction</c>.</param>
/// <param name="Reference">Which: the statement's month, the receipt's id, the deduction's evidence.</param>
/// <param name="Says">Why.</param>
/// <param name="Period">The month in which a deduction counts.</param>
internal sealed record NewObjection(string Subject, string Reference, string Says, string? Period = null);

/// <summary>What is said about an objection.</summary>
internal sealed record ObjectionReply(string Says);

/// <summary>An objection's end.</summary>
/// <param name="Says">How it ended.</param>
/// <param name="Correction">The credit note's number or the deduction's evidence that puts it right.</param>
internal sealed record ObjectionEnd(string Says, string? Correction = null);

/// <summary>A customer to be entered.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Currency">What it is charged in.</param>
/// <param name="SpendingLimit">The unpaid charges at which its requests are refused; none without.</param>
internal sealed record NewCustomer(string Name, string Currency, string? SpendingLimit = null);

/// <summary>A spending limit to be set, or lifted with null.</summary>
internal sealed record NewLimit(string? SpendingLimit);

/// <summary>The party that a customer belongs to; none with null.</summary>
internal sealed record NewOwner(string? PartyId);

/// <summary>An app to be entered.</summary>
internal sealed record NewApp(string Name, string DeveloperId);

/// <summary>A key to be issued.</summary>
/// <param name="Role">What it opens.</param>
/// <param name="HolderId">The customer or the party it acts for; absent for every other role.</param>
/// <param name="AppId">The app that a customer's requests come from.</param>
/// <param name="Label">What its owner calls it.</param>
internal sealed record NewKey(string Role, string Label, string? HolderId = null, string? AppId = null);

/// <summary>A price to be set; amounts are for a million tokens.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Currency">The currency of all amounts.</param>
/// <param name="InputPerMillion">For prompt tokens.</param>
/// <param name="OutputPerMillion">For generated tokens.</param>
/// <param name="CachedPerMillion">For prompt tokens found in the cache; as for others if absent.</param>
/// <param name="EffectiveFrom">A day or an instant with its offset; now if absent.</param>
internal sealed record NewPrice(
    string Model, string Currency, string InputPerMillion, string OutputPerMillion, string? CachedPerMillion = null,
    string? EffectiveFrom = null);

/// <summary>A subscription to be started.</summary>
/// <param name="CustomerId">Who subscribes.</param>
/// <param name="Plan">The price plan's name.</param>
/// <param name="First">The first month, such as 2026-12; this one if absent.</param>
internal sealed record NewSubscription(string CustomerId, string Plan, string? First = null);

/// <summary>A subscription's end.</summary>
/// <param name="Last">The last month; this one if absent.</param>
internal sealed record SubscriptionEnd(string? Last = null);

/// <summary>A credit to be sold.</summary>
/// <param name="CustomerId">Who buys it.</param>
/// <param name="Reference">What you call the sale; asked again by the same one, it is made once.</param>
/// <param name="Amount">What it costs, and pays.</param>
/// <param name="Currency">The customer's currency.</param>
/// <param name="Model">The model whose revenue it becomes if it expires and nothing was used while it was valid.</param>
/// <param name="Expires">A day or an instant with its offset; never if absent.</param>
/// <param name="Priority">The lower number is used first.</param>
internal sealed record NewCredit(
    string CustomerId, string Reference, string Amount, string Currency, string Model, string? Expires = null, int Priority = 0);

/// <summary>A credit's unused part to be given back.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Reference">What the caller calls it; made once.</param>
internal sealed record CreditReturn(string Reason, string Reference);

/// <summary>An exchange rate to be set.</summary>
/// <param name="From">The currency of prices.</param>
/// <param name="To">The customers' currency.</param>
/// <param name="PerUnit">What one unit of the first is in the second.</param>
/// <param name="Source">Who says so.</param>
/// <param name="EffectiveFrom">A day or an instant with its offset, in a month that is not closed; now if absent.</param>
internal sealed record NewRate(string From, string To, string PerUnit, string Source, string? EffectiveFrom = null);

/// <summary>A share of an agreement: of a role or of a party.</summary>
internal sealed record NewShare(int PartsPerMillion, string? Role = null, string? PartyId = null);

/// <summary>An agreement to be made.</summary>
/// <param name="Shares">Who earns what; the parts add up to 1,000,000.</param>
/// <param name="Model">The model it is about; every one without an agreement of its own if absent.</param>
/// <param name="EffectiveFrom">A day or an instant with its offset; now if absent.</param>
/// <param name="AcceptedBy">Who has accepted it, by role or id.</param>
/// <param name="Evidence">How that is known, such as a contract's number.</param>
internal sealed record NewAgreement(
    NewShare[] Shares, string? Model = null, string? EffectiveFrom = null, string[]? AcceptedBy = null, string? Evidence = null);

/// <summary>That a party has accepted an agreement, by the word of whoever records it.</summary>
/// <param name="Party">Who, by role or id.</param>
/// <param name="Evidence">How that is known, such as a letter's number.</param>
internal sealed record NewAcceptance(string Party, string Evidence);

/// <summary>What an operator states of its users.</summary>
/// <param name="Licence">The licence it is about, such as <c>llama3.1</c>.</param>
/// <param name="UsersWereBelow">Whether there were at most 700 million in the month before the release.</param>
/// <param name="Statement">Who states it and on what grounds.</param>
internal sealed record NewAttestation(string Licence, bool UsersWereBelow, string Statement);

/// <summary>How the bodies are read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 16)]
[JsonSerializable(typeof(NewParty))]
[JsonSerializable(typeof(NewPartyKey))]
[JsonSerializable(typeof(NewObjection))]
[JsonSerializable(typeof(ObjectionReply))]
[JsonSerializable(typeof(ObjectionEnd))]
[JsonSerializable(typeof(SignedDocument))]
[JsonSerializable(typeof(NewCustomer))]
[JsonSerializable(typeof(NewLimit))]
[JsonSerializable(typeof(NewOwner))]
[JsonSerializable(typeof(NewDeduction))]
[JsonSerializable(typeof(NewCollection))]
[JsonSerializable(typeof(NewExchange))]
[JsonSerializable(typeof(NewApp))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(NewPrice))]
[JsonSerializable(typeof(NewAgreement))]
[JsonSerializable(typeof(NewContact))]
[JsonSerializable(typeof(SentNotice))]
[JsonSerializable(typeof(NewAcceptance))]
[JsonSerializable(typeof(NewSubscription))]
[JsonSerializable(typeof(SubscriptionEnd))]
[JsonSerializable(typeof(NewCredit))]
[JsonSerializable(typeof(CreditReturn))]
[JsonSerializable(typeof(NewRate))]
[JsonSerializable(typeof(NewAttestation))]
[JsonSerializable(typeof(NewCreditNote))]
[JsonSerializable(typeof(NewReason))]
[JsonSerializable(typeof(NewPayment))]
[JsonSerializable(typeof(NewBankEvent))]
[JsonSerializable(typeof(NewPayouts))]
[JsonSerializable(typeof(NewBankDetails))]
[JsonSerializable(typeof(NewWebhook))]
[JsonSerializable(typeof(NewBilling))]
[JsonSerializable(typeof(NewLimits))]
internal sealed partial class RequestJson : JsonSerializerContext;
