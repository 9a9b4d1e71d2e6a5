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
    /// <param name="positions"><c>[tokens]</c>, rows of the angles.</param>
    /// <param name="cosines"><c>[any, pairs]</c>.</param>
    /// <param name="sines"><c>[any, pairs]</c>.</param>
    /// <param name="pairs">Pairs of a head's values that are turned.</param>
    /// <param name="backwards">True for the gradient.</param>
    /// <param name="context">Team.</param>
    public static void Apply(
        Span<float> heads, int headDim, ReadOnlySpan<int> positions, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int pairs,
        bool backwards, ComputeContext context)
    {
        if (positions.IsEmpty || pairs == 0)
            return;
        var headCount = heads.Length / positions.Length / headDim;
        ShapeMismatchException.ThrowUnlessEqual(heads.Length, (long)positions.Length * headCount * headDim, nameof(heads));
        ShapeMismatchException.ThrowUnlessEqual(sines.Length, cosines.Length, nameof(sines));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(2 * pairs, headDim, nameof(pairs));
        foreach (var position in positions)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)(cosines.Length / pairs), nameof(positions));
        fixed (float* values = heads, cosine = cosines, sine = sines)
        fixed (int* rows = positions)
        {
            var work = new TurnTokens
            {
                Heads = values,
                HeadCount = headCount,
                HeadDim = headDim,
                Cosines = cosine,
                Sines = sine,
                Pairs = pairs,
                Positions = rows,
                Tokens = positions.Length,
                Sign = backwards ? -1 : 1,
            };
            context.Team.Run(ref work, (positions.Length + ChunkTokens - 1) / ChunkTokens);
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
        public int* Positions;
        public int Tokens;
        public float Sign;

        public readonly void Execute(int chunk)
        {
            for (var token = chunk * ChunkTokens; token < Math.Min(Tokens, (chunk + 1) * ChunkTokens); token++)
            {
                var angles = (nint)Positions[token] * Pairs;
                Turn(Heads + (nint)token * HeadCount * HeadDim, Cosines + angles, Sines + angles);
            }
        }

        private readonly void Turn(float* heads, float* cosines, float* sines)
        {
            var pair = 0;
            for (; Vector512.IsHardwareAccelerated && pair + 8 <= Pairs; pair += 8)
            {
                // Each angle twice: once for each value of its pair, (x, y) → (x·cos − y·sin, y·cos + x·sin).
                var twice = Vector512.Create(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
                var signs = Vector512.Create(Vector256.Create(-Sign, Sign, -Sign, Sign, -Sign, Sign, -Sign, Sign));
                var cosine = Vector512.Shuffle(Vector256.Load(cosines + pair).ToVector512(), twice);
                var sine = Vector512.Shuffle(Vector256.Load(sines + pair).ToVector512(), twice) * signs;
                var values = heads + 2 * pair;
                for (var head = 0; head < HeadCount; head++, values += HeadDim)
                {
                    var value = Vector512.Load(values);
                    var other = Vector512.Shuffle(value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
                    Vector512.FusedMultiplyAdd(other, sine, value * cosine).Store(values);
                }
            }
            for (; pair + 4 <= Pairs; pair += 4)
            {
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
