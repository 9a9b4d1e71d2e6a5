using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>How a request ended.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<Outcome>))]
public enum Outcome
{
    /// <summary>It ran to its end.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed = 0,

    /// <summary>The client left, or time ran out.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled = 1,
}

/// <summary>Who counted the tokens.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<UsageSource>))]
public enum UsageSource
{
    /// <summary>The engine of this host.</summary>
    [JsonStringEnumMemberName("host")]
    Host = 0,

    /// <summary>A meter elsewhere that reported them.</summary>
    [JsonStringEnumMemberName("meter")]
    Meter = 1,
}

/// <summary>An adapter that took part in a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest">Its SHA-256.</param>
public sealed record AdapterReference(string Name, Digest Digest);

/// <summary>What a request used, to be posted once.</summary>
/// <param name="Admission">How it was let in.</param>
/// <param name="RequestId">The request's own id; posting it twice gives the first receipt.</param>
/// <param name="ModelDigest">The SHA-256 of the model's file.</param>
/// <param name="Counts">Tokens.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Adapter">The adapter used, if any.</param>
/// <param name="MeterId">The key of the meter that counted elsewhere; null for this host's engine.</param>
/// <param name="Kept">The answer to keep with the receipt, where its client asked for it.</param>
public sealed record Usage(
    Admission Admission, string RequestId, Digest ModelDigest, TokenCounts Counts, Outcome Outcome,
    AdapterReference? Adapter = null, string? MeterId = null, KeptAnswer? Kept = null);
