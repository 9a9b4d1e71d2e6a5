namespace Ayni.Ledger;

/// <summary>
/// A request that its client named, so that sending it again is answered again and never charged again. Of the name and the body only
/// hashes are kept.
/// </summary>
/// <param name="CustomerId">Whose request it is.</param>
/// <param name="KeyId">The API key it came by.</param>
/// <param name="NameHash">A hash of the name that the client gave it, its idempotency key.</param>
/// <param name="Endpoint">Where it was sent.</param>
/// <param name="BodyHash">A hash of its body, by a key that only the client's API key gives.</param>
public sealed record IdempotentRequest(string CustomerId, string KeyId, Digest NameHash, string Endpoint, Digest BodyHash)
{
    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    /// <summary>Bytes of the longest answer that is kept.</summary>
    public const int LongestAnswer = 1 << 20;
}

/// <summary>An answer to be kept with its receipt, in the same step.</summary>
/// <param name="Request">The request.</param>
/// <param name="Content">The answer, encrypted; null for one that is too long to keep.</param>
public sealed record KeptAnswer(IdempotentRequest Request, byte[]? Content);

/// <summary>How a named request stands.</summary>
public enum IdempotencyState
{
    /// <summary>It has not been answered: answer it now.</summary>
    Begun,

    /// <summary>It is being answered.</summary>
    InProgress,

    /// <summary>Its name was used for another body.</summary>
    OtherBody,

    /// <summary>Its name was used by another API key of the customer, whose answer only that key opens.</summary>
    OtherKey,

    /// <summary>It was answered: answer it the same again.</summary>
    Answered,

    /// <summary>It was answered, and the answer is not kept, or no longer.</summary>
    NotKept,
}

/// <summary>What is known of a named request.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Receipt">Its receipt, once it was answered.</param>
/// <param name="Content">The kept answer, encrypted, with <see cref="IdempotencyState.Answered"/>.</param>
public sealed record IdempotencyStatus(IdempotencyState State, Receipt? Receipt = null, byte[]? Content = null);
