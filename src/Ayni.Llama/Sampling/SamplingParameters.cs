using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Ayni.Llama;

/// <summary>
/// How the next token is chosen from the logits, in the order of these properties: penalties, biases, temperature, top-k, top-p, min-p, as
/// Hugging Face's transformers chain them.
/// </summary>
public sealed record SamplingParameters
{
    private const double Most = 100;

    /// <summary>Takes the token with the largest logit, the lowest id on ties.</summary>
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0 };

    /// <summary>
    /// Makes tokens of the prompt and of the answer less likely: their logits are divided by it where positive and multiplied where
    /// negative (Keskar et al. 2019, arXiv:1909.05858); 1 changes nothing. In (0, 100].
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken off a token's logit for each time it is in the answer. In [-2, 2] at the API.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken off a token's logit once it is in the answer. In [-2, 2] at the API.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Added to tokens' logits; negative infinity bans a token.</summary>
    public ImmutableDictionary<int, double> LogitBias { get; init; } = ImmutableDictionary<int, double>.Empty;

    /// <summary>Divides the logits; 0 takes the largest, whatever the cuts below. In [0, 100], and [0, 2] at the API.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps so many of the most probable tokens, the lower ids on ties; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the most probable tokens until their probabilities reach this sum; 1 keeps all. In (0, 1].</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least so many times as probable as the most probable; 0 keeps all. In [0, 1].</summary>
    public double MinP { get; init; }

    /// <summary>Makes the choice repeatable; null draws a fresh seed for each generation.</summary>
    public long? Seed { get; init; }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> for a value out of its range.</summary>
    /// <param name="vocabularySize">Token ids that a bias may name.</param>
    public void Validate(int vocabularySize)
    {
        Require(RepetitionPenalty is > 0 and <= Most, RepetitionPenalty, "The repetition penalty must be above 0 and at most 100.");
        Require(double.IsFinite(FrequencyPenalty), FrequencyPenalty, "The frequency penalty must be a number.");
        Require(double.IsFinite(PresencePenalty), PresencePenalty, "The presence penalty must be a number.");
        Require(Temperature is >= 0 and <= Most, Temperature, "The temperature must be from 0 to 100.");
        Require(TopK >= 0, TopK, "top_k must not be negative.");
        Require(TopP is > 0 and <= 1, TopP, "top_p must be above 0 and at most 1.");
        Require(MinP is >= 0 and <= 1, MinP, "min_p must be from 0 to 1.");
        foreach (var (id, bias) in LogitBias)
        {
            Require(id >= 0 && id < vocabularySize, id, $"A logit bias names a token outside the vocabulary of {vocabularySize}.");
            Require(double.IsFinite(bias) || double.IsNegativeInfinity(bias), bias, "A logit bias must be a number.");
        }
    }

    private static void Require(bool holds, object value, string problem, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!holds)
            throw new ArgumentOutOfRangeException(name, value, problem);
    }
}
