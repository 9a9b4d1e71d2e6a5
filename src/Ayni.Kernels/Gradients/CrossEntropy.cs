using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Cross-entropy of logits against the tokens that followed, in nats, and its gradient.</summary>
public static class CrossEntropy
{
    /// <summary>Computes each row's loss and turns its logits into their gradient in place.</summary>
    /// <param name="logits"><c>[rows, vocabulary]</c>; receives <c>(softmax − one-hot) · scale</c>.</param>
    /// <param name="targets"><c>[rows]</c>, ids of the vocabulary.</param>
    /// <param name="scale">What the gradient is multiplied by: one over the number of loss terms for a mean.</param>
    /// <param name="losses">Receives <c>[rows]</c>, unscaled.</param>
    /// <param name="context">Team.</param>
    public static void Apply(Span<float> logits, ReadOnlySpan<int> targets, float scale, Span<double> losses, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(losses.Length, targets.Length, nameof(losses));
        if (targets.IsEmpty)
            return;
        var vocabulary = logits.Length / targets.Length;
        ShapeMismatchException.ThrowUnlessEqual(logits.Length, (long)targets.Length * vocabulary, nameof(logits));
        foreach (var target in targets)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)target, (uint)vocabulary, nameof(targets));
        var work = new TurnRows { Logits = logits, Vocabulary = vocabulary, Targets = targets, Scale = scale, Losses = losses };
        context.Team.Run(ref work, targets.Length);
    }

    private ref struct TurnRows : IChunkedWork
    {
        public Span<float> Logits;
        public int Vocabulary;
        public ReadOnlySpan<int> Targets;
        public float Scale;
        public Span<double> Losses;

        public readonly void Execute(int row)
        {
            var logits = Logits.Slice(row * Vocabulary, Vocabulary);
            var vectors = MemoryMarshal.Cast<float, Vector512<float>>(logits);
            var rest = logits[(vectors.Length * Vector512<float>.Count)..];

            var largests = Vector512.Create(float.NegativeInfinity);
            foreach (var vector in vectors)
                largests = Vector512.MaxNative(largests, vector);
            var largest = float.NegativeInfinity;
            for (var i = 0; i < Vector512<float>.Count; i++)
                largest = MathF.Max(largest, largests[i]);
            foreach (var logit in rest)
                largest = MathF.Max(largest, logit);
            var target = (double)logits[Targets[row]] - largest;

            var sums = Vector512<float>.Zero;
            foreach (ref var vector in vectors)
                sums += vector = Exponential.Of(vector - Vector512.Create(largest));
            var sum = (double)Vector512.Sum(sums);
            foreach (ref var logit in rest)
                sum += logit = MathF.Exp(logit - largest);
            Losses[row] = Math.Log(sum) - target;

            var factor = (float)(Scale / sum);
            foreach (ref var vector in vectors)
                vector *= factor;
            foreach (ref var logit in rest)
                logit *= factor;
            logits[Targets[row]] -= Scale;
        }
    }
}
