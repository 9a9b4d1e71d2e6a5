using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Chooses tokens for one generation. Holds the generation's random state and its penalties' counts; used by one thread at a time.
/// </summary>
public sealed class Sampler
{
    private readonly SamplingParameters _parameters;
    private readonly int _vocabularySize;
    private readonly Dictionary<int, int> _counts = [];
    private readonly Random _random;

    // As long as the vocabulary, so made when the first token is drawn: a request that waits takes no room.
    private double[] _probabilities = [];
    private double[] _keys = [];
    private int[] _ids = [];
    private float[] _adjusted = [];

    /// <summary>Prepares to sample.</summary>
    /// <param name="parameters">Throws <see cref="ArgumentOutOfRangeException"/> for values out of their ranges.</param>
    /// <param name="vocabularySize">Logits a step.</param>
    public Sampler(SamplingParameters parameters, int vocabularySize)
    {
        parameters.Validate(vocabularySize);
        _parameters = parameters;
        _vocabularySize = vocabularySize;
        _random = new Random(parameters.Seed is { } seed ? FoldSeed(seed) : RandomNumberGenerator.GetInt32(int.MaxValue));
    }

    /// <summary>Notes a token of the prompt, which the repetition penalty concerns.</summary>
    public void ObservePrompt(int token)
    {
        if (_parameters.RepetitionPenalty != 1)
            _counts.TryAdd(token, 0);
    }

    /// <summary>Notes a token of the answer, which all penalties concern.</summary>
    public void Observe(int token)
    {
        if (HasPenalties)
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
    }

    /// <summary>
    /// Chooses the next token from <c>[vocabulary]</c> logits. Throws <see cref="LogitsException"/> if they are not finite.
    /// </summary>
    public int Next(ReadOnlySpan<float> logits)
    {
        logits = Adjust(logits);
        if (_parameters.Temperature == 0)
            return Greedy(logits);
        var point = _random.NextDouble();
        var last = 0;
        foreach (var id in Distribute(logits))
        {
            if (_probabilities[id] == 0)
                continue;
            last = id;
            point -= _probabilities[id];
            if (point < 0)
                break;
        }
        // The last one, too, where rounding left a sliver above the sum.
        return last;
    }

    /// <summary>The probabilities that <see cref="Next"/> draws from.</summary>
    /// <param name="logits"><c>[vocabulary]</c>.</param>
    /// <param name="probabilities">Receives <c>[vocabulary]</c>; 0 for tokens that cannot be drawn.</param>
    public void Probabilities(ReadOnlySpan<float> logits, Span<double> probabilities)
    {
        probabilities.Clear();
        logits = Adjust(logits);
        if (_parameters.Temperature == 0)
        {
            probabilities[Greedy(logits)] = 1;
            return;
        }
        foreach (var id in Distribute(logits))
            probabilities[id] = _probabilities[id];
    }

    private bool HasPenalties =>
        _parameters.RepetitionPenalty != 1 || _parameters.FrequencyPenalty != 0 || _parameters.PresencePenalty != 0;

    /// <summary>The logits after penalties and biases; the same memory where there are none.</summary>
    private ReadOnlySpan<float> Adjust(ReadOnlySpan<float> logits)
    {
        if (_counts.Count == 0 && _parameters.LogitBias.IsEmpty)
            return logits;
        if (_adjusted.Length == 0)
            _adjusted = new float[_vocabularySize];
        logits.CopyTo(_adjusted);
        foreach (var (id, count) in _counts)
        {
            double logit = _adjusted[id];
            logit = logit > 0 ? logit / _parameters.RepetitionPenalty : logit * _parameters.RepetitionPenalty;
            if (count > 0)
                logit -= count * _parameters.FrequencyPenalty + _parameters.PresencePenalty;
            _adjusted[id] = (float)logit;
        }
        foreach (var (id, bias) in _parameters.LogitBias)
            _adjusted[id] = (float)(_adjusted[id] + bias);
        return _adjusted;
    }

    /// <summary>The first token with the largest logit; below 0 if that, or any other, is not a number or positive infinity.</summary>
    internal static int Likeliest(ReadOnlySpan<float> logits)
    {
        var largest = Maximum(logits);
        return float.IsFinite(largest) ? logits.IndexOf(largest) : -1;
    }

    private static int Greedy(ReadOnlySpan<float> logits) => logits.IndexOf(Largest(logits));

    /// <summary>The maximum, or what is not a number if there is such.</summary>
    private static float Maximum(ReadOnlySpan<float> logits)
    {
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(logits);
        var maxima = Vector256.Create(float.NegativeInfinity);
        foreach (var vector in vectors)
            maxima = Vector256.Max(maxima, vector);
        // Max hands on what is not a number.
        var largest = float.NegativeInfinity;
        for (var i = 0; i < Vector256<float>.Count; i++)
            largest = MathF.Max(largest, maxima[i]);
        foreach (var logit in logits[(vectors.Length * Vector256<float>.Count)..])
            largest = MathF.Max(largest, logit);
        return largest;
    }

    /// <summary>The largest logit. Throws if it, or any other, is not a number or positive infinity.</summary>
    private static float Largest(ReadOnlySpan<float> logits)
    {
        var largest = Maximum(logits);
        return float.IsFinite(largest)
            ? largest
            : throw new LogitsException();
    }

    /// <summary>
    /// Fills <see cref="_probabilities"/> and returns the ids that can be drawn, the most probable first where something was cut.
    /// </summary>
    private ReadOnlySpan<int> Distribute(ReadOnlySpan<float> logits)
    {
        // Distances from the largest logit, so that the smallest temperature there is divides a 0 there and not a number into infinity.
        var largest = Largest(logits);
        if (_ids.Length == 0)
            (_probabilities, _keys, _ids) = (new double[_vocabularySize], new double[_vocabularySize], new int[_vocabularySize]);
        for (var id = 0; id < logits.Length; id++)
        {
            _ids[id] = id;
            _probabilities[id] = logits[id] == largest ? 0 : ((double)logits[id] - largest) / _parameters.Temperature;
        }
        Softmax.Apply(_probabilities);

        ReadOnlySpan<int> kept = _ids;
        if (_parameters.TopK > 0 && _parameters.TopK < _vocabularySize)
            kept = Keep(Top(_parameters.TopK, double.PositiveInfinity));
        if (_parameters.TopP < 1)
            kept = Keep(Top(int.MaxValue, _parameters.TopP));
        if (_parameters.MinP > 0)
            kept = Keep(AtLeast(_parameters.MinP * Most(kept)));
        return kept;
    }

    private double Most(ReadOnlySpan<int> kept)
    {
        var most = 0.0;
        foreach (var id in kept)
            most = Math.Max(most, _probabilities[id]);
        return most;
    }

    /// <summary>
    /// The most probable ids in order, the lower id first on ties: as many as asked for, or until those before add up to a share. Sorting
    /// 128 thousand ids for each token would cost more than small models do: only what is above a bar is sorted, and the bar is lowered
    /// until enough is.
    /// </summary>
    private ReadOnlySpan<int> Top(int most, double share)
    {
        for (var bar = 1e-3; ; bar = bar > 1e-150 ? bar * bar : double.Epsilon)
        {
            var candidates = AtLeast(bar);
            var sum = 0.0;
            for (var i = 0; i < candidates.Length; i++)
                sum += -(_keys[i] = -_probabilities[candidates[i]]);
            if (candidates.Length < most && sum < share && bar > double.Epsilon)
                continue;

            Sort(_keys.AsSpan(0, candidates.Length), candidates);
            var reached = 0.0;
            for (var i = 0; i < candidates.Length; i++)
            {
                if (i == most || reached >= share)
                    return candidates[..i];
                reached += _probabilities[candidates[i]];
            }
            return candidates;
        }
    }

    /// <summary>The ids of at least some probability, in order of the ids.</summary>
    private Span<int> AtLeast(double bar)
    {
        var count = 0;
        for (var id = 0; id < _probabilities.Length; id++)
        {
            if (_probabilities[id] >= bar)
                _ids[count++] = id;
        }
        return _ids.AsSpan(0, count);
    }

    /// <summary>Sorts by key, and by id where keys are equal. Without a comparer, which would take memory at each token.</summary>
    private static void Sort(Span<double> keys, Span<int> ids)
    {
        keys.Sort(ids);
        for (var start = 0; start < keys.Length;)
        {
            var end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
                end++;
            ids[start..end].Sort();
            start = end;
        }
    }

    /// <summary>Makes the probabilities of some ids add up to 1 and those of all others 0.</summary>
    private ReadOnlySpan<int> Keep(ReadOnlySpan<int> kept)
    {
        var sum = 0.0;
        foreach (var id in kept)
            sum += _probabilities[id];
        // Negative marks what stays, since ids are in no order here that could tell.
        foreach (var id in kept)
            _probabilities[id] = -_probabilities[id] / sum;
        foreach (ref var probability in _probabilities.AsSpan())
            probability = Math.Max(0, -probability);
        return kept;
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
