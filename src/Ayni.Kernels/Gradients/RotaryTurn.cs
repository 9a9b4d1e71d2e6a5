using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// Rotary embedding on many tokens at once, and its gradient, which turns the other way (<see cref="RotaryEmbedding"/> says what is
/// turned).
/// </summary>
public static unsafe class RotaryTurn
{
    private const int ChunkTokens = 16;

    /// <summary>Turns every head of every token in place.</summary>
    /// <param name="heads"><c>[tokens, heads, headDim]</c>.</param>
    /// <param name="headDim">Values in a head.</param>
    /// <param name="cosines"><c>[tokens, pairs]</c>.</param>
    /// <param name="sines"><c>[tokens, pairs]</c>.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="backwards">True for the gradient.</param>
    /// <param name="context">Team.</param>
    public static void Apply(
        Span<float> heads, int headDim, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int tokens, bool backwards,
        ComputeContext context)
    {
        if (tokens == 0)
            return;
        var pairs = cosines.Length / tokens;
        var headCount = heads.Length / tokens / headDim;
        ShapeMismatchException.ThrowUnlessEqual(heads.Length, (long)tokens * headCount * headDim, nameof(heads));
        ShapeMismatchException.ThrowUnlessEqual(sines.Length, cosines.Length, nameof(sines));
        ShapeMismatchException.ThrowUnlessEqual(cosines.Length, (long)tokens * pairs, nameof(cosines));
        fixed (float* values = heads, cosine = cosines, sine = sines)
        {
            var work = new TurnTokens
            {
                Heads = values,
                HeadCount = headCount,
                HeadDim = headDim,
                Cosines = cosine,
                Sines = sine,
                Pairs = pairs,
                Tokens = tokens,
                Sign = backwards ? -1 : 1,
            };
            context.Team.Run(ref work, (tokens + ChunkTokens - 1) / ChunkTokens);
        }
    }

    private struct TurnTokens : IChunkedWork
    {
        public float* Heads;
        public int HeadCount;
        public int HeadDim;
        public float* Cosines;
        public float* Sines;
        public int Pairs;
        public int Tokens;
        public float Sign;

        public readonly void Execute(int chunk)
        {
            for (var token = chunk * ChunkTokens; token < Math.Min(Tokens, (chunk + 1) * ChunkTokens); token++)
                Turn(Heads + (nint)token * HeadCount * HeadDim, Cosines + (nint)token * Pairs, Sines + (nint)token * Pairs);
        }

        private readonly void Turn(float* heads, float* cosines, float* sines)
        {
            var pair = 0;
            for (; pair + 4 <= Pairs; pair += 4)
            {
                // Each angle twice: once for each value of its pair, (x, y) → (x·cos − y·sin, y·cos + x·sin).
                var twice = Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3);
                var cosine = Vector256.Shuffle(Vector128.Load(cosines + pair).ToVector256(), twice);
                var sine = Vector256.Shuffle(Vector128.Load(sines + pair).ToVector256(), twice)
                    * Vector256.Create(-Sign, Sign, -Sign, Sign, -Sign, Sign, -Sign, Sign);
                var values = heads + 2 * pair;
                for (var head = 0; head < HeadCount; head++, values += HeadDim)
                {
                    var value = Vector256.Load(values);
                    var other = Vector256.Shuffle(value, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
                    Vector256.FusedMultiplyAdd(other, sine, value * cosine).Store(values);
                }
            }
            for (; pair < Pairs; pair++)
            {
                var (cosine, sine) = (cosines[pair], Sign * sines[pair]);
                var values = heads + 2 * pair;
                for (var head = 0; head < HeadCount; head++, values += HeadDim)
                {
                    var (even, odd) = (values[0], values[1]);
                    values[0] = MathF.FusedMultiplyAdd(odd, -sine, even * cosine);
                    values[1] = MathF.FusedMultiplyAdd(even, sine, odd * cosine);
                }
            }
        }
    }
}
