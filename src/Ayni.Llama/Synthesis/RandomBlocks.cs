using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Random weights in a file's storage type, fast: a pool of blocks is drawn and quantized once, and rows are put together from it at
/// random. At any place two rows share a block with probability 1 in 16,384, so products behave as those of independent weights do.
/// Immutable once made.
/// </summary>
internal sealed class RandomBlocks
{
    private const int BlockBits = 14;
    private const int Blocks = 1 << BlockBits;

    // Types without blocks are handled in pieces as long as the shortest of the others.
    private const int LeastWeights = 32;

    private readonly byte[] _pool;
    private readonly int _blockBytes;

    /// <param name="type">How the weights are stored; a type that can be written.</param>
    /// <param name="deviation">The weights' standard deviation; their mean is 0.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <param name="context">Whose threads quantize.</param>
    public RandomBlocks(TensorType type, float deviation, ulong seed, ComputeContext context)
    {
        var format = TensorTypes.FormatOf(type);
        var weights = Math.Max(LeastWeights, format.Weights);
        _blockBytes = (int)format.BytesOf(weights);
        _pool = new byte[Blocks * _blockBytes];
        var work = new QuantizeBlocks
        {
            Type = type,
            Weights = weights,
            Deviation = deviation,
            // Matrices of different sizes must not be made of the same numbers: an embedding would resemble the output head.
            Seed = new SplitMix64(seed ^ BitConverter.SingleToUInt32Bits(deviation)).Next(),
            Pool = _pool,
        };
        context.Team.Run(ref work, Blocks);
    }

    /// <summary>Fills one row, whole blocks of the type.</summary>
    public void FillRow(ref SplitMix64 random, Span<byte> row)
    {
        while (!row.IsEmpty)
        {
            var length = Math.Min(_blockBytes, row.Length);
            var block = (int)(random.Next() >> 64 - BlockBits);
            _pool.AsSpan(block * _blockBytes, length).CopyTo(row);
            row = row[length..];
        }
    }

    private struct QuantizeBlocks : IChunkedWork
    {
        public TensorType Type;
        public int Weights;
        public float Deviation;
        public ulong Seed;
        public byte[] Pool;

        public readonly void Execute(int block)
        {
            // Each block has a seed of its own, so that it does not matter which thread draws it.
            var random = new SplitMix64(new SplitMix64(Seed + (ulong)block).Next());
            var weights = new float[Weights];
            foreach (ref var weight in weights.AsSpan())
                weight = Deviation * random.NextNormal();
            var bytes = Pool.Length / Blocks;
            WeightQuantizer.QuantizeRow(Type, weights, [], Pool.AsSpan(block * bytes, bytes));
        }
    }
}
