using System.Text.Json.Serialization;

namespace Ayni.Receipts;

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
