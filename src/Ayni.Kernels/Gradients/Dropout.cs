namespace Ayni.Kernels;

/// <summary>
/// Dropout (Srivastava et al. 2014) whose choices follow from a seed and a place alone, so that a recomputed or divided pass drops the same
/// values.
/// </summary>
public static class Dropout
{
    private const int ChunkLength = 4096;

    /// <summary>Writes each value times 1 / (1 − rate), or 0 where it is dropped. Its own gradient under the same seed.</summary>
    /// <param name="input">Any length.</param>
    /// <param name="output">The input's length; may be the input.</param>
    /// <param name="rate">The share dropped, from 0 to below 1.</param>
    /// <param name="seed">What the choices follow from.</param>
    /// <param name="context">Team.</param>
    public static void Apply(ReadOnlySpan<float> input, Span<float> output, double rate, ulong seed, ComputeContext context)
    {
        ShapeMismatchException.ThrowUnlessEqual(output.Length, input.Length, nameof(output));
        var work = new DropChunks
        {
            Input = input,
            Output = output,
            Threshold = (ulong)(rate * (1UL << 32)),
            Factor = (float)(1 / (1 - rate)),
            Seed = seed,
        };
        context.Team.Run(ref work, (input.Length + ChunkLength - 1) / ChunkLength);
    }

    private ref struct DropChunks : IChunkedWork
    {
        public ReadOnlySpan<float> Input;
        public Span<float> Output;
        public ulong Threshold;
        public float Factor;
        public ulong Seed;

        public readonly void Execute(int chunk)
        {
            for (var i = chunk * ChunkLength; i < Math.Min(Input.Length, (chunk + 1) * ChunkLength); i++)
                Output[i] = Random(i) >= Threshold ? Input[i] * Factor : 0;
        }

        /// <summary>32 bits for a place: SplitMix64's output at that place (Steele, Lea and Flood 2014).</summary>
        private readonly ulong Random(int index)
        {
            var z = Seed + (ulong)(index + 1) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return (z ^ (z >> 31)) >> 32;
        }
    }
}
