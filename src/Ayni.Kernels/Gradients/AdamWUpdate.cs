using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// One step of AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) on one parameter: <c>p ← p·(1 − rate·decay)</c>, the moments
/// <c>m ← β₁m + (1 − β₁)g</c> and <c>v ← β₂v + (1 − β₂)g²</c>, then <c>p ← p − rate·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)</c>.
/// </summary>
public readonly record struct AdamWUpdate
{
    private const int ChunkLength = 16384;

    private readonly float _keep;
    private readonly float _stepSize;
    private readonly float _secondCorrection;

    /// <summary>Prepares a step.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="beta1">How much of the first moment stays.</param>
    /// <param name="beta2">How much of the second moment stays.</param>
    /// <param name="epsilon">Added to the denominator.</param>
    /// <param name="decay">The decoupled weight decay.</param>
    /// <param name="step">The number of the step, from 1.</param>
    public AdamWUpdate(double rate, double beta1, double beta2, double epsilon, double decay, long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        Beta1 = (float)beta1;
        Beta2 = (float)beta2;
        Epsilon = (float)epsilon;
        _keep = (float)(1 - rate * decay);
        _stepSize = (float)(rate / (1 - Math.Pow(beta1, step)));
        _secondCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
    }

    private float Beta1 { get; }

    private float Beta2 { get; }

    private float Epsilon { get; }

    /// <summary>Makes the step, all in place.</summary>
    /// <param name="values">The parameter.</param>
    /// <param name="gradients">Its gradient, as long.</param>
    /// <param name="first">Its first moments, as long.</param>
    /// <param name="second">Its second moments, as long.</param>
    /// <param name="gradientScale">What the gradient is multiplied by first, to clip it.</param>
    /// <param name="context">Team.</param>
    public void Apply(
        Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, float gradientScale,
        ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(gradients.Length, values.Length, nameof(gradients));
        ShapeMismatchException.ThrowUnlessEqual(first.Length, values.Length, nameof(first));
        ShapeMismatchException.ThrowUnlessEqual(second.Length, values.Length, nameof(second));
        var work = new UpdateChunks
        {
            Update = this,
            Values = values,
            Gradients = gradients,
            First = first,
            Second = second,
            Scale = gradientScale,
        };
        context.Team.Run(ref work, (values.Length + ChunkLength - 1) / ChunkLength);
    }

    private ref struct UpdateChunks : IChunkedWork
    {
        public AdamWUpdate Update;
        public Span<float> Values;
        public ReadOnlySpan<float> Gradients;
        public Span<float> First;
        public Span<float> Second;
        public float Scale;

        public readonly void Execute(int chunk)
        {
            var range = new Range(chunk * ChunkLength, Math.Min(Values.Length, (chunk + 1) * ChunkLength));
            var values = Values[range];
            var gradients = Gradients[range];
            var first = First[range];
            var second = Second[range];
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
            var gradientVectors = MemoryMarshal.Cast<float, Vector256<float>>(gradients);
            var firstVectors = MemoryMarshal.Cast<float, Vector256<float>>(first);
            var secondVectors = MemoryMarshal.Cast<float, Vector256<float>>(second);
            for (var i = 0; i < vectors.Length; i++)
            {
                var g = gradientVectors[i] * Scale;
                var m = firstVectors[i] * Update.Beta1 + g * (1 - Update.Beta1);
                var v = secondVectors[i] * Update.Beta2 + g * g * (1 - Update.Beta2);
                (firstVectors[i], secondVectors[i]) = (m, v);
                var denominator = Vector256.Sqrt(v) * Update._secondCorrection + Vector256.Create(Update.Epsilon);
                vectors[i] = vectors[i] * Update._keep - m * Update._stepSize / denominator;
            }
            for (var i = vectors.Length * Vector256<float>.Count; i < values.Length; i++)
            {
                var g = gradients[i] * Scale;
                var m = first[i] * Update.Beta1 + g * (1 - Update.Beta1);
                var v = second[i] * Update.Beta2 + g * g * (1 - Update.Beta2);
                (first[i], second[i]) = (m, v);
                values[i] = values[i] * Update._keep - m * Update._stepSize / (MathF.Sqrt(v) * Update._secondCorrection + Update.Epsilon);
            }
        }
    }
}
