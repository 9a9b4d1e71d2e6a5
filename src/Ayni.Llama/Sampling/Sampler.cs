using System.Security.Cryptography;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Chooses tokens for one generation. Holds the generation's random state; used by one thread at a time.</summary>
public sealed class Sampler
{
    private readonly SamplingParameters _parameters;
    private readonly double[] _probabilities;
    private readonly int[] _ids;
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
        _probabilities = parameters.Temperature == 0 ? [] : new double[vocabularySize];
        _ids = parameters.Temperature == 0 ? [] : new int[vocabularySize];
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

    private static int Greedy(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var id = 1; id < logits.Length; id++)
        {
            if (logits[id] > logits[best])
                best = id;
        }
        return float.IsFinite(logits[best]) ? best : throw NotFinite();
    }

    /// <summary>Fills <see cref="_probabilities"/> and returns the ids that can be drawn, the most probable first where top-p cuts.</summary>
    private ReadOnlySpan<int> Distribute(ReadOnlySpan<float> logits)
    {
        for (var id = 0; id < logits.Length; id++)
        {
            _ids[id] = id;
            _probabilities[id] = logits[id] / _parameters.Temperature;
        }
        Softmax.Apply(_probabilities);
        if (double.IsNaN(_probabilities[0]))
            throw NotFinite();
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

    private static ArithmeticException NotFinite() => new("The model's logits are not finite numbers; its weights may be damaged.");

    private static int FoldSeed(long seed) => (int)(seed ^ (seed >> 32));
}
