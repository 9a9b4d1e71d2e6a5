using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// What an adapter adds to the product of one matrix: <c>B·(A·x)</c> (Hu et al. 2021, arXiv:2106.09685), both factors in float32 beside a
/// base of any type. A token's result does not depend on how many there are. Used by one thread at a time.
/// </summary>
internal sealed class LowRankChange : IDisposable
{
    private readonly PackedMatrix _down;
    private readonly PackedMatrix _up;
    private readonly LowRankScratch _scratch;

    /// <summary>Packs the factors.</summary>
    /// <param name="matrix">The factors.</param>
    /// <param name="config">Rank and scale.</param>
    /// <param name="scratch">Memory that all changes of a model use in turn.</param>
    /// <param name="context">The context of the model.</param>
    public LowRankChange(AdapterMatrix matrix, AdapterConfig config, LowRankScratch scratch, ComputeContext context)
    {
        var up = new float[matrix.Up.Length];
        for (var i = 0; i < up.Length; i++)
            up[i] = (float)(matrix.Up[i] * config.Scaling);
        _scratch = scratch;
        _down = Pack(matrix.Down, config.Rank, matrix.Down.Length / config.Rank, context);
        _up = Pack(up, up.Length / config.Rank, config.Rank, context);
    }

    public long PackedBytes => _down.PackedBytes + _up.PackedBytes;

    /// <summary>Adds to <c>[tokens, output]</c> what follows from <c>[tokens, input]</c>.</summary>
    public void Add(ReadOnlySpan<float> input, Span<float> output, ComputeContext context)
    {
        var tokens = input.Length / _down.Columns;
        var reduced = _scratch.Reduced(tokens * _down.Rows);
        var change = _scratch.Change(output.Length);
        _down.Multiply(input, reduced, context);
        _up.Multiply(reduced, change, context);
        Residual.Add(output, change);
    }

    public void Dispose()
    {
        _down.Dispose();
        _up.Dispose();
    }

    private static PackedMatrix Pack(float[] values, int rows, int columns, ComputeContext context) =>
        PackedMatrix.Pack(TensorData.CopyOf(MemoryMarshal.AsBytes(values.AsSpan())), TensorType.F32, rows, columns, context);
}

/// <summary>Memory for one change after another, which grows to the largest batch it has met.</summary>
internal sealed class LowRankScratch
{
    private float[] _reduced = [];
    private float[] _change = [];

    /// <summary>What is between the factors, <c>[tokens, rank]</c>.</summary>
    public Span<float> Reduced(int length) => Take(ref _reduced, length);

    /// <summary>What is added, <c>[tokens, output]</c>.</summary>
    public Span<float> Change(int length) => Take(ref _change, length);

    private static Span<float> Take(ref float[] values, int length)
    {
        if (values.Length < length)
            values = new float[length];
        return values.AsSpan(0, length);
    }
}
