namespace Ayni.Llama;

/// <summary>How the next token is chosen from the logits.</summary>
public sealed record SamplingParameters
{
    /// <summary>Takes the token with the largest logit, the lowest id on ties.</summary>
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 means greedy. In [0, 2] at the API.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps the most probable tokens until their probabilities reach this sum; 1 keeps all. In (0, 1].</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Makes the choice repeatable; null draws a fresh seed for each generation.</summary>
    public long? Seed { get; init; }
}
