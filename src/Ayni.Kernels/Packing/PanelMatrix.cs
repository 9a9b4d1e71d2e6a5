using System.Runtime.CompilerServices;

namespace Ayni.Kernels;

/// <summary>
/// Weights in panels of 16 rows, so that one column of a panel fills the lanes of a vector. A strip of a panel is decoded once into the
/// first-level cache and used for all tokens.
/// </summary>
/// <remarks>
/// Every result is summed over strips at fixed columns, and within a strip column by column, whatever the number of tokens or workers:
/// logits are the same to the bit in every batch.
/// </remarks>
internal sealed unsafe class PanelMatrix<TFormat> : PackedMatrix where TFormat : struct, IWeightFormat
{
    // Columns decoded at a time, a multiple of every block length: 16 rows of them take 16 kB, half of the first-level cache.
    private const int StripColumns = 256;

    private readonly PanelMemory _panels;
    private readonly int _rowBytes;
    private readonly long _panelBytes;
    private readonly int _panelCount;

    public PanelMatrix(TensorData data, int rows, int columns, ComputeContext context, bool isPacked) : base(TFormat.Type, rows, columns)
    {
        _rowBytes = columns / TFormat.BlockLength * TFormat.BlockBytes;
        _panelBytes = (long)_rowBytes * Lanes.Count;
        _panelCount = (rows + Lanes.Count - 1) / Lanes.Count;
        var bytes = _panelBytes * _panelCount;
        _panels = isPacked ? new PanelMemory(data, bytes) : new PanelMemory(bytes, context.Panels);
        if (isPacked)
            return;
        var work = new PackPanels { Matrix = this, Source = data.Pointer };
        context.Team.Run(ref work, _panelCount);
        GC.KeepAlive(data);
    }

    public override TensorData Packed => _panels.Data;

    private static int StripBytes => StripColumns / TFormat.BlockLength * TFormat.BlockBytes * Lanes.Count;

    private int StripCount => (Columns + StripColumns - 1) / StripColumns;

    private protected override void MultiplyCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        fixed (float* inputPointer = input, outputPointer = output)
        {
            var work = new MultiplyPanels { Matrix = this, Input = inputPointer, Output = outputPointer, Tokens = tokens };
            context.Team.Run(ref work, _panelCount);
        }
    }

    private protected override void MultiplyTransposedCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        fixed (float* inputPointer = input, outputPointer = output)
        {
            var work = new MultiplyStrips { Matrix = this, Input = inputPointer, Output = outputPointer, Tokens = tokens };
            context.Team.Run(ref work, StripCount);
        }
    }

    private protected override void CopyRowCore(int row, Span<float> destination)
    {
        var lane = _panels.Pointer + row / Lanes.Count * _panelBytes + row % Lanes.Count * TFormat.ElementBytes;
        Span<byte> block = stackalloc byte[TFormat.BlockBytes];
        for (var b = 0; b < Columns / TFormat.BlockLength; b++)
        {
            for (var i = 0; i < TFormat.BlockBytes; i++)
            {
                var (element, part) = Math.DivRem(i, TFormat.ElementBytes);
                block[i] = lane[element * TFormat.ElementBytes * Lanes.Count + part];
            }
            TFormat.Decode(block, destination.Slice(b * TFormat.BlockLength, TFormat.BlockLength));
            lane += TFormat.BlockBytes * Lanes.Count;
        }
    }

    private protected override void DisposeCore() => _panels.Dispose();

    /// <summary>
    /// The decoded weights of one strip, <c>[columns, 16]</c>: in the panel itself for F32, else in <paramref name="scratch"/>.
    /// </summary>
    private float* DecodeStrip(int panel, int strip, int columns, float* scratch)
    {
        var source = _panels.Pointer + panel * _panelBytes + (long)strip * StripBytes;
        if (typeof(TFormat) == typeof(F32Format))
            return (float*)source;
        TFormat.DecodePanel(source, columns / TFormat.BlockLength, scratch);
        return scratch;
    }

    private static float* Align(float* pointer) => (float*)(((nuint)pointer + 63) & ~(nuint)63);

    private struct PackPanels : IChunkedWork
    {
        public PanelMatrix<TFormat> Matrix;
        public byte* Source;

        public readonly void Execute(int panel)
        {
            var rows = Math.Min(Lanes.Count, Matrix.Rows - panel * Lanes.Count);
            for (var lane = 0; lane < rows; lane++)
            {
                var source = Source + ((long)panel * Lanes.Count + lane) * Matrix._rowBytes;
                var destination = Matrix._panels.Pointer + panel * Matrix._panelBytes;
                switch (TFormat.ElementBytes)
                {
                    case 4:
                        Scatter((uint*)source, (uint*)destination + lane, Matrix._rowBytes / 4);
                        break;
                    case 2:
                        Scatter((ushort*)source, (ushort*)destination + lane, Matrix._rowBytes / 2);
                        break;
                    default:
                        Scatter(source, destination + lane, Matrix._rowBytes);
                        break;
                }
            }
        }

        private static void Scatter<TElement>(TElement* source, TElement* destination, int count) where TElement : unmanaged
        {
            for (var i = 0; i < count; i++)
                destination[(long)i * Lanes.Count] = source[i];
        }
    }

    private struct MultiplyPanels : IChunkedWork
    {
        public PanelMatrix<TFormat> Matrix;
        public float* Input;
        public float* Output;
        public int Tokens;

        [SkipLocalsInit]
        public readonly void Execute(int panel)
        {
            var scratch = stackalloc float[StripColumns * Lanes.Count + 16];
            var edge = stackalloc float[Lanes.Count];
            var rows = Math.Min(Lanes.Count, Matrix.Rows - panel * Lanes.Count);
            for (var strip = 0; strip < Matrix.StripCount; strip++)
            {
                var columns = Math.Min(StripColumns, Matrix.Columns - strip * StripColumns);
                var weights = Matrix.DecodeStrip(panel, strip, columns, Align(scratch));
                var input = Input + strip * StripColumns;
                var output = Output + panel * Lanes.Count;
                var product = new StripProduct(weights, columns, Matrix.Columns, Matrix.Rows, accumulate: strip > 0);
                if (rows == Lanes.Count)
                {
                    product.Multiply(input, output, Tokens);
                    continue;
                }
                // The last panel has fewer rows: through a full-width row of our own, so that nothing is written past a token's end.
                for (var token = 0; token < Tokens; token++)
                {
                    var row = new Span<float>(output + (long)token * Matrix.Rows, rows);
                    row.CopyTo(new Span<float>(edge, rows));
                    product.Multiply(input + (long)token * Matrix.Columns, edge, 1);
                    new Span<float>(edge, rows).CopyTo(row);
                }
            }
        }
    }

    private struct MultiplyStrips : IChunkedWork
    {
        public PanelMatrix<TFormat> Matrix;
        public float* Input;
        public float* Output;
        public int Tokens;

        [SkipLocalsInit]
        public readonly void Execute(int strip)
        {
            var scratch = stackalloc float[StripColumns * Lanes.Count + 16];
            var edge = stackalloc float[Lanes.Count];
            var columns = Math.Min(StripColumns, Matrix.Columns - strip * StripColumns);
            for (var token = 0; token < Tokens; token++)
                new Span<float>(Output + (long)token * Matrix.Columns + strip * StripColumns, columns).Clear();
            for (var panel = 0; panel < Matrix._panelCount; panel++)
            {
                var rows = Math.Min(Lanes.Count, Matrix.Rows - panel * Lanes.Count);
                var weights = Matrix.DecodeStrip(panel, strip, columns, Align(scratch));
                for (var token = 0; token < Tokens; token++)
                {
                    var factors = Input + (long)token * Matrix.Rows + panel * Lanes.Count;
                    if (rows < Lanes.Count)
                    {
                        new Span<float>(edge, Lanes.Count).Clear();
                        new Span<float>(factors, rows).CopyTo(new Span<float>(edge, rows));
                        factors = edge;
                    }
                    StripProduct.AddTransposed(weights, columns, factors, Output + (long)token * Matrix.Columns + strip * StripColumns);
                }
            }
        }
    }
}
