using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>One text to be generated.</summary>
public sealed record GenerationRequest
{
    /// <summary>The token ids to continue, BOS included where the model wants it. At least one.</summary>
    public required ImmutableArray<int> Prompt { get; init; }

    /// <summary>The most tokens to generate. At least 1; the engine also stops at the end of the context.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>Texts that end the generation; neither they nor what follows them is returned.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>
    /// True where the answer goes on in the prompt's own text, as a completion does; false where it is a text of its own, as in a chat.
    /// </summary>
    public bool ContinuesText { get; init; }

    /// <summary>True to go on past the model's own end tokens, for benchmarks and comparisons.</summary>
    public bool IgnoreEndOfText { get; init; }

    /// <summary>Whose request this is: waiting requests are taken from the owners in turn.</summary>
    public string Owner { get; init; } = "";

    /// <summary>
    /// Whose texts share their beginnings in the cache with this one: requests with the same text here. A cache hit's timing tells what
    /// others asked, so this is the customer, unless the operator says otherwise.
    /// </summary>
    public string CacheShare { get; init; } = "";

    /// <summary>Tokens taken instead of sampled ones, for benchmarks of what a given answer costs; then sampling goes on.</summary>
    public ImmutableArray<int> ForcedOutput { get; init; } = [];
}
