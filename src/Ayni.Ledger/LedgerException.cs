namespace Ayni.Ledger;

/// <summary>The named reasons for which the ledger refuses to record something. Nothing was written.</summary>
public enum Refusal
{
    /// <summary>A name, label or id is empty, too long or holds control characters.</summary>
    InvalidText,

    /// <summary>No party has this id.</summary>
    UnknownParty,

    /// <summary>No customer has this id.</summary>
    UnknownCustomer,

    /// <summary>No app has this id.</summary>
    UnknownApp,

    /// <summary>No key has this id.</summary>
    UnknownKey,

    /// <summary>An opening balance is of no account that has one, or its month is not over or is closed.</summary>
    InvalidOpening,

    /// <summary>An opening balance's reference was entered before with another account or amount.</summary>
    OpeningReferenceReused,

    /// <summary>A key's role and whom it is for do not go together.</summary>
    InvalidKeyRole,

    /// <summary>The party, customer or app was revoked before.</summary>
    Revoked,

    /// <summary>An app's developer must be a party with the role of a developer.</summary>
    NotADeveloper,

    /// <summary>Who serves must be a party with the role of a host.</summary>
    NotAHost,

    /// <summary>Limits are negative, in two currencies or in another than the customer's, or for nobody that there is.</summary>
    InvalidLimits,

    /// <summary>A spending limit must be in the customer's currency and not negative.</summary>
    InvalidSpendingLimit,

    /// <summary>A price is negative, too large or in two currencies.</summary>
    InvalidPrice,

    /// <summary>No price plan of this name is in force.</summary>
    UnknownPlan,

    /// <summary>No subscription has this id.</summary>
    UnknownSubscription,

    /// <summary>There is no such credit paid in advance.</summary>
    UnknownCredit,

    /// <summary>The customer has the model by another subscription.</summary>
    AlreadySubscribed,

    /// <summary>A prepaid credit is in the customer's currency and more than zero.</summary>
    InvalidPrepaidCredit,

    /// <summary>An exchange rate or exchange is of one currency, not more than zero, or of more than is held.</summary>
    InvalidRate,

    /// <summary>A model has no agreement on who earns what.</summary>
    NoAgreement,

    /// <summary>Prices and agreements take effect now or later, never in the past.</summary>
    EffectiveInThePast,

    /// <summary>The clock shows a month that is closed already.</summary>
    ClockSkewed,

    /// <summary>A retroactive agreement reaches into a closed month, back over another version, or back to nothing that is past.</summary>
    NotRetroactive,

    /// <summary>The shares of an agreement do not add up to 1,000,000 parts, or one of them is not positive.</summary>
    InvalidShares,

    /// <summary>No party has the role a share names.</summary>
    NoPartyInRole,

    /// <summary>Several parties have the role a share names; name the party.</summary>
    SeveralPartiesInRole,

    /// <summary>A token count is negative or larger than <see cref="TokenCounts.Largest"/>.</summary>
    InvalidUsage,

    /// <summary>A meter reports for the keys that were named for it, and for no other.</summary>
    MeterNotAllowed,

    /// <summary>Usage is told within 35 days.</summary>
    UsageTooOld,

    /// <summary>Usage is told of the past.</summary>
    UsageInTheFuture,

    /// <summary>The key was shut when it was used, or the model had no price, no agreement, or one in another currency.</summary>
    UsageNotAdmitted,

    /// <summary>A request that its client named was begun anew by another host; only that one is charged.</summary>
    RequestBegunAnew,

    /// <summary>The request's id was used before for other usage or by another key.</summary>
    RequestIdReused,

    /// <summary>A zone has no IANA name that this machine knows.</summary>
    UnknownZone,

    /// <summary>The zone decides which month a receipt belongs to, so it stays once there is one.</summary>
    ZoneInUse,

    /// <summary>The period has not ended yet.</summary>
    PeriodNotEnded,

    /// <summary>Only a ledger in a SQLite file is backed up by the program itself; a server has its own means.</summary>
    NotAFile,

    /// <summary>A backup never replaces a file that is there.</summary>
    FileExists,

    /// <summary>The customer still has keys that open something; revoke it first.</summary>
    CustomerActive,

    /// <summary>An earlier period that has entries is still open; close it first.</summary>
    EarlierPeriodOpen,

    /// <summary>A host still answers requests that it let in before the period's end.</summary>
    RequestsUnderWay,

    /// <summary>Billing details hold something no invoice can.</summary>
    InvalidBilling,

    /// <summary>A contact's e-mail address or language is none.</summary>
    InvalidContact,

    /// <summary>No notice has this number.</summary>
    UnknownNotice,

    /// <summary>There is no legal entity with this code, or none at all, or several and none was named.</summary>
    UnknownEntity,

    /// <summary>No invoice has this number.</summary>
    UnknownInvoice,

    /// <summary>Only a closed period is invoiced, because only its numbers stand still.</summary>
    PeriodNotClosed,

    /// <summary>A credit note or write-off of a document that is no invoice, of nothing, or of more than is left of it.</summary>
    InvalidCredit,

    /// <summary>A payment is not positive, not in whole minor units or not in the customer's currency.</summary>
    InvalidPayment,

    /// <summary>The bank reference was recorded before, for something else.</summary>
    BankReferenceReused,

    /// <summary>No payment, refund or write-off has this id.</summary>
    UnknownPayment,

    /// <summary>The payment or write-off was reversed before.</summary>
    AlreadyReversed,

    /// <summary>A refund is more than the customer has paid too much.</summary>
    RefundExceedsCredit,

    /// <summary>No endpoint has this id.</summary>
    UnknownWebhook,

    /// <summary>An endpoint's address is none that can be sent to.</summary>
    InvalidUrl,

    /// <summary>Nobody said from which account to pay.</summary>
    NoBankDetails,

    /// <summary>Nothing is payable, or all of it waits.</summary>
    NothingToPay,

    /// <summary>No proposal has this id.</summary>
    UnknownProposal,

    /// <summary>The proposal was decided, done or has expired; the payout was returned.</summary>
    NotOpen,

    /// <summary>Who proposed something can't approve it, and only operators' and finance's keys approve.</summary>
    SameKey,

    /// <summary>An objection is to nothing that there is, or its correction is none.</summary>
    InvalidObjection,

    /// <summary>No objection has this id, or it is somebody else's.</summary>
    UnknownObjection,

    /// <summary>No receipt has this id, or it is somebody else's.</summary>
    UnknownReceipt,

    /// <summary>A party's key was registered before, or its key in force did not endorse it.</summary>
    InvalidPartyKey,

    /// <summary>The party has no key in force.</summary>
    UnknownPartyKey,

    /// <summary>A party that has a key accepts agreements by its signature alone.</summary>
    SignatureNeeded,

    /// <summary>A signature under an agreement is not its party's over this document.</summary>
    InvalidSignature,

    /// <summary>An agreement's document contradicts the ledger.</summary>
    InvalidTerms,

    /// <summary>No agreement's document has this number.</summary>
    UnknownDocument,

    /// <summary>Who accepts a document is a party to it.</summary>
    NotAParty,

    /// <summary>The agreement in force counts whole months, so the next begins with one.</summary>
    MonthInForce,

    /// <summary>A deduction is of nothing or of a month to come, or does not say what it is taken from.</summary>
    InvalidDeduction,

    /// <summary>A caller's reference was used before for something else.</summary>
    ReferenceReused,

    /// <summary>A sum would have more than <see cref="Amount.Digits"/> digits.</summary>
    InvalidSum,

    /// <summary>A deduction's evidence was recorded before with another amount or month.</summary>
    EvidenceReused,

    /// <summary>A list is to go on after something that is not in it.</summary>
    InvalidPage,
}

/// <summary>The ledger refused to record something. Nothing was written.</summary>
public sealed class LedgerRefusedException(Refusal refusal, string message) : LedgerException(message)
{
    /// <summary>The reason.</summary>
    public Refusal Refusal { get; } = refusal;
}
