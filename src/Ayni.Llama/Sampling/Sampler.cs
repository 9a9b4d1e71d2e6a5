using System.Security.Cryptography;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Chooses tokens for one generation. Holds the generation's random state; used by one thread at a time.</summary>
public sealed class Sampler
{
    private readonly SamplingParameters _parameters;
    private readonly int _vocabularySize;

    // As long as the vocabulary, so made when the first token is drawn: a request that waits takes no room.
    private double[] _probabilities = [];
    private int[] _ids = [];
    private readonly Random _random;

    /// <summary>Prepares to sample.</summary>
    /// <param name="parameters">Temperature, top-p and seed. Throws <see cref="ArgumentOutOfRangeException"/> for values out of their ranges.</param>
    /// <param name="vocabularySize">Logits a step.</param>
    public Sampler(SamplingParameters parameters, int vocabularySize)
    {
        if (!(parameters.Temperature >= 0 && double.IsFinite(parameters.Temperature)))
            throw new ArgumentOutOfRangeException(nameof(parameters), parameters.Temperature, "The temperature must not be negative.");
        if (!(parameters.TopP is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(parameters), parameters.TopP, "top_p must be above 0 and at most 1.");
        _parameters = parameters;
        _vocabularySize = vocabularySize;
        _random = new Random(parameters.Seed is { } seed ? FoldSeed(seed) : RandomNumberGenerator.GetInt32(int.MaxValue));
    }

    /// <summary>Chooses the next token from <c>[vocabulary]</c> logits. Throws <see cref="ArithmeticException"/> if they are not finite.</summary>
    public int Next(ReadOnlySpan<float> logits)
    {
        if (_parameters.Temperature == 0)
            return Greedy(logits);
        var kept = Distribute(logits);
        var point = _random.NextDouble();
        foreach (var id in kept)
        {
            point -= _probabilities[id];
            if (point < 0)
                return id;
        }
        // Rounding left a sliver above the last sum.
        return kept[^1];
    }

    /// <summary>The probabilities that <see cref="Next"/> draws from: temperature, then top-p, as Hugging Face orders them.</summary>
    /// <param name="logits"><c>[vocabulary]</c>.</param>
    /// <param name="probabilities">Receives <c>[vocabulary]</c>; 0 for tokens that cannot be drawn.</param>
    public void Probabilities(ReadOnlySpan<float> logits, Span<double> probabilities)
    {
        probabilities.Clear();
        if (_parameters.Temperature == 0)
        {
            probabilities[Greedy(logits)] = 1;
            return;
        }
        foreach (var id in Distribute(logits))
            probabilities[id] = _probabilities[id];
    }

    private static int Greedy(ReadOnlySpan<float> logits) => logits.IndexOf(Largest(logits));

    /// <summary>The largest logit. Throws if it, or any other, is not a number or positive infinity.</summary>
    private static float Largest(ReadOnlySpan<float> logits)
    {
        var largest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            // Math.Max hands on what is not a number.
            largest = MathF.Max(largest, logit);
        }
        return float.IsFinite(largest)
            ? largest
            : throw new ArithmeticException("The model's logits are not finite numbers; its weights may be damaged.");
    }

    /// <summary>Fills <see cref="_probabilities"/> and returns the ids that can be drawn, the most probable first where top-p cuts.</summary>
    private ReadOnlySpan<int> Distribute(ReadOnlySpan<float> logits)
    {
        // Distances from the largest logit, so that the smallest temperature there is divides a 0 there and not a number into infinity.
        var largest = Largest(logits);
        if (_ids.Length == 0)
            (_probabilities, _ids) = (new double[_vocabularySize], new int[_vocabularySize]);
        for (var id = 0; id < logits.Length; id++)
        {
            _ids[id] = id;
            _probabilities[id] = logits[id] == largest ? 0 : ((double)logits[id] - largest) / _parameters.Temperature;
        }
        Softmax.Apply(_probabilities);
        if (_parameters.TopP >= 1)
            return _ids;

        var kept = SelectTop(_parameters.TopP);
        var sum = 0.0;
        foreach (var id in kept)
            sum += _probabilities[id];
        foreach (var id in kept)
            _probabilities[id] /= sum;
        return kept;
    }

    /// <summary>The fewest most probable ids whose sum reaches <paramref name="topP"/>; the one that crosses it is kept.</summary>
    private ReadOnlySpan<int> SelectTop(double topP)
    {
        // Sorting 128 thousand ids for each token would cost more than small models do: sort only what can be among the kept, trying
        // lower and lower bars until the candidates' sum reaches top-p.
        for (var bar = 1e-3; ; bar /= 100)
        {
            var count = 0;
            var sum = 0.0;
            for (var id = 0; id < _probabilities.Length; id++)
            {
                if (_probabilities[id] < bar)
                    continue;
                _ids[count++] = id;
                sum += _probabilities[id];
            }
            if (sum < topP && bar > 1e-15)
                continue;

            var candidates = _ids.AsSpan(0, count);
            candidates.Sort((a, b) => _probabilities[a] != _probabilities[b] ? _probabilities[b].CompareTo(_probabilities[a]) : a.CompareTo(b));
            var reached = 0.0;
            for (var i = 0; i < count; i++)
            {
                if (reached >= topP)
                    return candidates[..i];
                reached += _probabilities[candidates[i]];
            }
            return candidates;
        }
    }

    /// <summary>All 64 bits of a seed in the 32 that the generator takes (the finalizer of SplitMix64).</summary>
    private static int FoldSeed(long seed)
    {
        var bits = unchecked((ulong)seed + 0x9e3779b97f4a7c15);
        bits = unchecked((bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9);
        bits = unchecked((bits ^ (bits >> 27)) * 0x94d049bb133111eb);
        return (int)(bits >> 33);
    }
}
