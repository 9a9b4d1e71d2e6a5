using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>What a request asks to use, before it is known what it does use.</summary>
/// <param name="Prompt">Prompt tokens.</param>
/// <param name="Answers">How many answers are wanted.</param>
/// <param name="MaxTokens">The most tokens of each answer, at least 1.</param>
/// <param name="Adapter">The adapter used, if any.</param>
public readonly record struct TokenDemand(int Prompt, int Answers, int MaxTokens, string? Adapter = null)
{
    /// <summary>What it comes to if each answer has so many tokens.</summary>
    internal TokenCounts With(long answerTokens) => new(Prompt, 0, Answers * answerTokens);
}

/// <summary>
/// What a request under way may come to cost, held of what its key, customer and app may spend until its receipt is posted or it is
/// voided.
/// </summary>
/// <param name="RequestId">The request.</param>
/// <param name="MaxTokens">The most tokens of each answer that it covers.</param>
/// <param name="Amount">What is held.</param>
/// <param name="Tokens">Tokens that count in the minute.</param>
/// <param name="ReservedAt">When it was made, by the database's clock.</param>
/// <param name="Subjects">The limited keys, customers and apps it is held of.</param>
public sealed record Reservation(
    string RequestId, int MaxTokens, Amount Amount, long Tokens, DateTimeOffset ReservedAt, ImmutableArray<string> Subjects)
{
    /// <summary>The run of a host that it belongs to.</summary>
    internal LeaseTerm Lease { get; init; }

    /// <summary>Where money is held.</summary>
    internal ImmutableArray<Hold> Holds { get; init; } = [];
}

/// <summary>Somebody limited, and a span of time in which money is held of it.</summary>
internal readonly record struct Hold(string SubjectId, string Span);

/// <summary>A lease since it was begun. One that was swept and begun again is another.</summary>
internal readonly record struct LeaseTerm(string Id, DateTimeOffset Since);

/// <summary>
/// One run of a host. What it reserved holds while its lease does; a run that ended without a word is swept when its lease has run out.
/// </summary>
/// <param name="Id"><c>hst_…</c>, new for every run.</param>
/// <param name="Name">What people call the host; others may be called the same.</param>
public sealed record HostLease(string Id, string Name)
{
    /// <summary>How long a lease lasts after it was renewed, by the database's clock.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(30);
}
