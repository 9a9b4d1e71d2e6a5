using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>
/// The answer to a key that asks for a model: an <see cref="Admission"/> or an <see cref="AdmissionRefusal"/>, nothing else.
/// </summary>
public abstract record AdmissionDecision
{
    private protected AdmissionDecision()
    {
    }
}

/// <summary>
/// A request let in. Its instant decides price, agreement and period, whenever the receipt is posted. Only <see cref="Books.Admit"/> makes
/// one.
/// </summary>
public sealed record Admission : AdmissionDecision
{
    internal Admission()
    {
    }

    /// <summary>The key presented.</summary>
    public required string KeyId { get; init; }

    /// <summary>Who pays.</summary>
    public required string CustomerId { get; init; }

    /// <summary>The app the key belongs to, if any.</summary>
    public required string? AppId { get; init; }

    /// <summary>The price in force, and with it model and currency.</summary>
    public required Price Price { get; init; }

    /// <summary>The agreement in force.</summary>
    public required long AgreementVersion { get; init; }

    /// <summary>When it was let in, in whole microseconds, UTC.</summary>
    public required DateTimeOffset AdmittedAt { get; init; }

    /// <summary>What it holds of limits; null before it reserved, and where nothing limits it.</summary>
    public Reservation? Reservation { get; init; }

    /// <summary>Whether anything limits its key, customer or app, so that it must reserve.</summary>
    public bool IsLimited => !LimitedSubjects.IsEmpty;

    /// <summary>Those of its key, customer and app that anything limits.</summary>
    public required ImmutableArray<string> LimitedSubjects { get; init; }

    /// <summary>The state of all terms and limits by which this was found.</summary>
    internal long TermsVersion { get; init; }

    /// <summary>The model asked for.</summary>
    public string Model => Price.Model;

    /// <summary>What the charge will be in.</summary>
    public Currency Currency => Price.Currency;

    /// <summary>The month it belongs to, in the ledger's zone.</summary>
    public required Period Period { get; init; }
}

/// <summary>Why a request was not let in.</summary>
public enum AdmissionRefusalReason
{
    /// <summary>The key, its customer or its app is revoked.</summary>
    KeyRevoked,

    /// <summary>The model has no price in force, so that nobody could say what a request costs.</summary>
    ModelNotPriced,

    /// <summary>The model has no agreement in force, so that nobody could say who earns what.</summary>
    ModelWithoutAgreement,

    /// <summary>The model's price is in another currency than the customer's.</summary>
    CurrencyMismatch,

    /// <summary>The customer's unpaid charges have reached its spending limit, or what a day or month may cost is spent or held.</summary>
    InsufficientQuota,

    /// <summary>Requests or tokens of the last minute have reached a limit; it passes.</summary>
    RateLimited,

    /// <summary>The request is larger than a whole minute's tokens.</summary>
    RequestTooLarge,

    /// <summary>The host's clock is too far off the database's, or went back.</summary>
    ClockSkewed,
}

/// <summary>A request not let in.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, in a sentence for the client.</param>
/// <param name="Owed">With <see cref="AdmissionRefusalReason.InsufficientQuota"/>, what is owed or spent of the limit.</param>
/// <param name="Limit">With <see cref="AdmissionRefusalReason.InsufficientQuota"/>, the limit that leaves least.</param>
/// <param name="Left">With <see cref="AdmissionRefusalReason.InsufficientQuota"/>, what is neither spent nor held of it.</param>
/// <param name="RetryAfter">With <see cref="AdmissionRefusalReason.RateLimited"/>, when the request fits.</param>
public sealed record AdmissionRefusal(
    AdmissionRefusalReason Reason, string Message, Amount? Owed = null, Amount? Limit = null, Amount? Left = null,
    TimeSpan? RetryAfter = null)
    : AdmissionDecision;
