using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>
/// Layers whose feed-forward network is chosen for each token among many (Llama 4): a router scores the experts, the token's input times
/// the sigmoid of the best score goes through that expert, and what the shared expert makes of the plain input is added.
/// </summary>
public sealed record MixtureOfExperts
{
    /// <summary>Experts to choose among.</summary>
    public required int Count { get; init; }

    /// <summary>Width of an expert and of the shared expert.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>The layers with experts, ascending; the others have one network of the configuration's own width.</summary>
    public required ImmutableArray<int> Layers { get; init; }
}
