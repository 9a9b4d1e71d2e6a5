using System.Collections.Immutable;

namespace Ayni.Training;

/// <summary>The parameters of a gated feed-forward network.</summary>
internal sealed record FeedForwardParameters(Linear Gate, Linear Up, Linear Down)
{
    public IEnumerable<Linear> Projections => [Gate, Up, Down];

    /// <summary>The projections, those that have the same input together.</summary>
    public Linear[][] Groups => [[Gate, Up], [Down]];

    /// <summary>The width between the projections.</summary>
    public int Width => Gate.Weight.Rows;
}

/// <summary>The parameters of a layer's mixture of experts.</summary>
internal sealed record ExpertParameters(Linear Router, ImmutableArray<FeedForwardParameters> Experts, FeedForwardParameters Shared)
{
    public IEnumerable<Linear> Projections => [Router, .. Experts.SelectMany(expert => expert.Projections), .. Shared.Projections];
}

/// <summary>The parameters of one layer.</summary>
internal sealed record LayerParameters
{
    public required Parameter AttentionNorm { get; init; }

    public required Linear Query { get; init; }

    public required Linear Key { get; init; }

    public required Linear Value { get; init; }

    public required Linear AttentionOutput { get; init; }

    public required Parameter FeedForwardNorm { get; init; }

    /// <summary>The layer's one network; null where it has experts.</summary>
    public FeedForwardParameters? FeedForward { get; init; }

    /// <summary>The layer's experts; null where it has one network.</summary>
    public ExpertParameters? Experts { get; init; }

    public IEnumerable<Linear> Projections =>
        [Query, Key, Value, AttentionOutput, .. FeedForward?.Projections ?? [], .. Experts?.Projections ?? []];

    public IEnumerable<Parameter> Parameters =>
        [AttentionNorm, .. Projections.SelectMany(projection => projection.Parameters), FeedForwardNorm];
}
