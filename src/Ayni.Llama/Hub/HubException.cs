namespace Ayni.Llama;

/// <summary>Why a hub did not give what was asked for.</summary>
public enum HubFailure
{
    /// <summary>The repository or the file is not there, or not to be seen without a token.</summary>
    NotFound,

    /// <summary>The model's owner gives it only to those who accepted its terms.</summary>
    Gated,

    /// <summary>The token is missing, wrong, or may not read this.</summary>
    Refused,

    /// <summary>The hub can't be reached, or asked for patience for too long.</summary>
    Unavailable,

    /// <summary>The hub says something impossible, such as a file name outside its repository.</summary>
    Invalid,

    /// <summary>A downloaded file is not what the hub says it is.</summary>
    Corrupt,

    /// <summary>Another process is at work on the same model.</summary>
    Busy,
}

/// <summary>A hub did not give what was asked for. The message says what, and what to do.</summary>
public sealed class HubException : Exception
{
    /// <summary>Describes a failure.</summary>
    public HubException(HubFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>Its kind.</summary>
    public HubFailure Failure { get; }
}

/// <summary>A failure that may pass: an attempt later may succeed.</summary>
/// <param name="message">What happened.</param>
/// <param name="wait">How long the hub asked to wait; null where it said nothing.</param>
/// <param name="inner">The failure beneath, if any.</param>
internal sealed class PassingHubException(string message, TimeSpan? wait = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? Wait { get; } = wait;
}
