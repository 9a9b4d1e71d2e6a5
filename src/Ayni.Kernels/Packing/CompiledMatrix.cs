using System.Runtime.CompilerServices;

namespace Ayni.Kernels;

/// <summary>
/// Weights in panels of 16 rows, multiplied by emitted kernels; the weights stay as the file has them. Quantized ones are multiplied as
/// integers with activations that become signed bytes with a scale for each 32, plain numbers as floats.
/// </summary>
/// <remarks>
/// Every result is one sum over blocks, or columns, in their order, whatever the number of tokens or workers: logits are the same to the
/// bit in every batch.
/// </remarks>
internal sealed unsafe class CompiledMatrix<TFormat> : PackedMatrix where TFormat : struct, IWeightFormat
{
    private const int StripColumns = PanelKernels.StripColumns;

    // Of two panels, each block unpacked to at most 1,536 bytes.
    private const int UnpackedStripBytes = 2 * StripColumns / BlockShape.Columns * 1536;

    // Tokens whose sums are kept beside the strip.
    private const int ChunkTokens = 192;

    private const int PanelsPerChunk = 4;

    // With few tokens, of each stream.
    private const int LeastStreamPanels = 2;
    private const int MostStreamPanels = 16;
    private const int MostStreams = 2;

    // What a worker goes through again for the next few tokens: less than the second-level cache holds.
    private const int RepeatedBytes = 512 << 10;

    // From so many activations on, the team prepares them; fewer are done sooner than the team has met.
    private const int SharedActivations = 8192;

    private readonly PanelMemory _panels;
    private readonly PanelKernels _kernels;
    private readonly int _rowBytes;
    private readonly long _panelBytes;
    private readonly int _panelCount;

    public CompiledMatrix(TensorData data, int rows, int columns, PanelKernels kernels, ComputeContext context, bool isPacked)
        : base(TFormat.Type, rows, columns)
    {
        _kernels = kernels;
        _rowBytes = columns / kernels.Layout.BlockColumns * kernels.Layout.BlockBytes;
        _panelBytes = (long)_rowBytes * Lanes.Count;
        _panelCount = (rows + Lanes.Count - 1) / Lanes.Count;
        var bytes = _panelBytes * _panelCount;
        _panels = isPacked ? new PanelMemory(data, bytes) : new PanelMemory(bytes, context.Panels);
        if (isPacked)
            return;
        var work = new PackPanels { Matrix = this, Source = data.Pointer };
        context.Team.Run(ref work, ChunkCount);
        GC.KeepAlive(data);
    }

    public override TensorData Packed => _panels.Data;

    private int ChunkCount => (_panelCount + PanelsPerChunk - 1) / PanelsPerChunk;

    private int BlocksPerStrip => StripColumns / _kernels.Layout.BlockColumns;

    private protected override void MultiplyCore(ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        var activations = context.RentScratch(_kernels.TokenBytes(Columns) * tokens);
        fixed (float* inputPointer = input, outputPointer = output)
        {
            var prepare = new PrepareTokens { Kernels = _kernels, Input = inputPointer, Records = activations, Columns = Columns };
            if ((long)tokens * Columns >= SharedActivations)
            {
                context.Team.Run(ref prepare, tokens);
            }
            else
            {
                for (var token = 0; token < tokens; token++)
                    prepare.Execute(token);
            }
            if (tokens <= _kernels.FewTokensLimit)
            {
                MultiplyFewTokens(activations, outputPointer, tokens, context.Team);
                return;
            }
            var multiply = new MultiplyPanels { Matrix = this, Activations = activations, Output = outputPointer, Tokens = tokens };
            context.Team.Run(ref multiply, ChunkCount);
        }
    }

    private protected override void MultiplyTransposedCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context)
    {
        fixed (float* inputPointer = input, outputPointer = output)
        {
            var work = new MultiplyStrips { Matrix = this, Input = inputPointer, Output = outputPointer, Tokens = tokens };
            context.Team.Run(ref work, (Columns + StripColumns - 1) / StripColumns);
        }
    }

    private protected override void CopyRowCore(int row, Span<float> destination) => DecodeRow(row, 0, destination);

    private protected override void DisposeCore() => _panels.Dispose();

    /// <summary>
    /// Few tokens. The panels are as many stretches as all workers together read streams of; chunks are taken from each worker's stretches
    /// in turn, so that a worker mostly reads on where it stopped, what it asked for ahead has come, and yet none is late.
    /// </summary>
    private void MultiplyFewTokens(byte* activations, float* output, int tokens, WorkerTeam team)
    {
        var streams = _kernels.FewTokensStreams;
        var stretches = streams * team.WorkerCount;
        var stretchPanels = (_panelCount + stretches - 1) / stretches;
        var chunkPanels = Math.Clamp(stretchPanels / 8, LeastStreamPanels, MostStreamPanels);
        if (tokens > _kernels.FewTokens.Length)
            chunkPanels = (int)Math.Clamp(RepeatedBytes / (streams * _panelBytes), 1, chunkPanels);
        var work = new MultiplyStreams
        {
            Matrix = this,
            Activations = activations,
            Output = output,
            Tokens = tokens,
            Workers = team.WorkerCount,
            Streams = streams,
            StretchPanels = stretchPanels,
            ChunkPanels = chunkPanels,
        };
        team.Run(ref work, (stretchPanels + chunkPanels - 1) / chunkPanels * team.WorkerCount);
    }

    /// <summary>Some weights of a row, from the beginning of a block on.</summary>
    private void DecodeRow(int row, int column, Span<float> weights)
    {
        var layout = _kernels.Layout;
        Span<byte> block = stackalloc byte[layout.BlockBytes];
        var panel = PanelAt(row / Lanes.Count);
        for (var i = 0; i < weights.Length; i += TFormat.BlockLength)
        {
            var (panelBlock, part) = Math.DivRem(column + i, layout.BlockColumns);
            if (part == 0)
                PanelPacker.Gather(layout, panel + (long)panelBlock * layout.BlockBytes * Lanes.Count, row % Lanes.Count, block);
            var bytes = block.Slice(part / TFormat.BlockLength * TFormat.BlockBytes, TFormat.BlockBytes);
            TFormat.Decode(bytes, weights.Slice(i, TFormat.BlockLength));
        }
    }

    private byte* PanelAt(int panel) => _panels.Pointer + panel * _panelBytes;

    private static byte* Align(byte* pointer) => (byte*)(((nuint)pointer + 63) & ~(nuint)63);

    private struct PackPanels : IChunkedWork
    {
        public CompiledMatrix<TFormat> Matrix;
        public byte* Source;

        public readonly void Execute(int chunk)
        {
            var end = Math.Min((chunk + 1) * PanelsPerChunk, Matrix._panelCount);
            for (var panel = chunk * PanelsPerChunk; panel < end; panel++)
            {
                var rows = Math.Min(Lanes.Count, Matrix.Rows - panel * Lanes.Count);
                var source = Source + (long)panel * Lanes.Count * Matrix._rowBytes;
                PanelPacker.Pack(Matrix._kernels.Layout, source, Matrix._rowBytes, rows, Matrix.PanelAt(panel));
            }
        }
    }

    private struct PrepareTokens : IChunkedWork
    {
        public PanelKernels Kernels;
        public float* Input;
        public byte* Records;
        public int Columns;

        public readonly void Execute(int token) =>
            Kernels.Prepare(Input + (long)token * Columns, Records + token * Kernels.TokenBytes(Columns), Columns);
    }

    private struct MultiplyPanels : IChunkedWork
    {
        public CompiledMatrix<TFormat> Matrix;
        public byte* Activations;
        public float* Output;
        public int Tokens;

        [SkipLocalsInit]
        public readonly void Execute(int chunk)
        {
            var unpacked = stackalloc byte[UnpackedStripBytes + 64];
            var sums = stackalloc byte[PanelsPerChunk * ChunkTokens * BlockShape.VectorBytes + 64];
            for (var token = 0; token < Tokens; token += ChunkTokens)
                Multiply(chunk * PanelsPerChunk, token, Math.Min(ChunkTokens, Tokens - token), Align(unpacked), (float*)Align(sums));
        }

        /// <summary>
        /// Some tokens with a chunk's panels, strip by strip, so that the tokens' activations stay near while all panels use them.
        /// </summary>
        private readonly void Multiply(int firstPanel, int token, int tokens, byte* unpacked, float* sums)
        {
            var kernels = Matrix._kernels;
            var stride = kernels.TokenBytes(Matrix.Columns);
            var layout = kernels.Layout;
            var blocks = Matrix.Columns / layout.BlockColumns;
            var panels = Math.Min(PanelsPerChunk, Matrix._panelCount - firstPanel);
            var unpack = default(UnpackArguments);
            var product = new ProductArguments
            {
                Weights = unpacked,
                Activations = Activations + token * stride,
                ActivationStride = stride,
                TokenCount = tokens,
            };
            // Where panels are multiplied in pairs and one is left, the other is whatever lies there, or the same again, and its sums go
            // nowhere.
            var group = kernels.PanelsAtATime;
            var groupSums = group * tokens * Lanes.Count;
            new Span<float>(sums, (panels + group - 1) / group * groupSums).Clear();
            for (var block = 0; block < blocks; block += Matrix.BlocksPerStrip)
            {
                unpack.BlockCount = Math.Min(Matrix.BlocksPerStrip, blocks - block);
                product.BlockCount = unpack.BlockCount * layout.BlockColumns / kernels.ProductColumns;
                product.Sums = sums;
                for (var panel = 0; panel < panels; panel++)
                {
                    var place = panel % group;
                    unpack.Panel = Matrix.PanelAt(firstPanel + panel) + (long)block * layout.BlockBytes * Lanes.Count;
                    unpack.Unpacked = unpacked + place * kernels.UnpackedStripBytes;
                    if (kernels.Unpacking is not null)
                        kernels.Unpacking.Run(&unpack);
                    else if (place == 0)
                        product.Weights = unpack.Panel;
                    product.PanelStride = place * Matrix._panelBytes;
                    if (place < group - 1 && panel < panels - 1)
                        continue;
                    kernels.Product.Run(&product);
                    product.Sums += groupSums;
                }
                product.Activations += product.BlockCount * kernels.ActivationBytes;
            }
            for (var panel = 0; panel < panels; panel += group)
                Store(firstPanel + panel, token, tokens, group, sums + panel / group * groupSums);
        }

        private readonly void Store(int panel, int token, int tokens, int panels, float* sums)
        {
            var rows = Math.Min(panels * Lanes.Count, Matrix.Rows - panel * Lanes.Count);
            var output = Output + (long)token * Matrix.Rows + panel * Lanes.Count;
            for (var i = 0; i < tokens; i++)
            {
                var products = new ReadOnlySpan<float>(sums + i * panels * Lanes.Count, rows);
                products.CopyTo(new Span<float>(output + (long)i * Matrix.Rows, rows));
            }
        }
    }

    private struct MultiplyStreams : IChunkedWork
    {
        public CompiledMatrix<TFormat> Matrix;
        public byte* Activations;
        public float* Output;
        public int Tokens;
        public int Workers;
        public int Streams;
        public int StretchPanels;
        public int ChunkPanels;

        [SkipLocalsInit]
        public readonly void Execute(int chunk)
        {
            var (place, worker) = Math.DivRem(chunk, Workers);
            var panels = Math.Min(ChunkPanels, StretchPanels - place * ChunkPanels);
            var (first, second) = (Start(worker * Streams), Start(worker * Streams + Streams - 1));
            var products = stackalloc float[MostStreams * MostStreamPanels * FewTokensKernel.MostTokens * Lanes.Count];
            var secondProducts = products + MostStreamPanels * FewTokensKernel.MostTokens * Lanes.Count;
            var arguments = new FewTokensArguments
            {
                Panels = Matrix.PanelAt(first + place * ChunkPanels),
                Activations = Activations,
                Products = products,
                BlockCount = Matrix.Columns / Matrix._kernels.Layout.BlockColumns,
                PanelCount = panels,
                PanelStride = Matrix._panelBytes,
                SecondPanels = Matrix.PanelAt(second + place * ChunkPanels),
                SecondProducts = secondProducts,
                ActivationStride = Matrix._kernels.TokenBytes(Matrix.Columns),
            };
            var kernels = Matrix._kernels.FewTokens;
            // As many at a time as the kernel takes, in equal parts; from the second on the panels are in the second-level cache.
            for (int token = 0, count; token < Tokens; token += count)
            {
                var times = (Tokens - token + kernels.Length - 1) / kernels.Length;
                count = (Tokens - token + times - 1) / times;
                kernels[count - 1].Value.Run(&arguments);
                Store(products, first + place * ChunkPanels, panels, token, count);
                if (Streams > 1)
                    Store(secondProducts, second + place * ChunkPanels, panels, token, count);
                arguments.Activations += count * arguments.ActivationStride;
            }
        }

        /// <summary>
        /// Where a stretch begins. All are equally long: where panels cannot be divided so, the last ones begin earlier, and what two of
        /// them have in common is multiplied twice, to the same bits.
        /// </summary>
        private readonly int Start(int stretch) => Math.Min(stretch * StretchPanels, Matrix._panelCount - StretchPanels);

        private readonly void Store(float* products, int firstPanel, int panels, int firstToken, int tokens)
        {
            for (var panel = firstPanel; panel < firstPanel + panels; panel++)
            {
                var rows = Math.Min(Lanes.Count, Matrix.Rows - panel * Lanes.Count);
                for (var token = firstToken; token < firstToken + tokens; token++)
                {
                    var output = Output + (long)token * Matrix.Rows + panel * Lanes.Count;
                    new ReadOnlySpan<float>(products, rows).CopyTo(new Span<float>(output, rows));
                    products += Lanes.Count;
                }
            }
        }
    }

    private struct MultiplyStrips : IChunkedWork
    {
        public CompiledMatrix<TFormat> Matrix;
        public float* Input;
        public float* Output;
        public int Tokens;

        [SkipLocalsInit]
        public readonly void Execute(int strip)
        {
            var columns = Math.Min(StripColumns, Matrix.Columns - strip * StripColumns);
            Span<float> weights = stackalloc float[StripColumns];
            weights = weights[..columns];
            for (var token = 0; token < Tokens; token++)
                OutputOf(token, strip, columns).Clear();
            for (var row = 0; row < Matrix.Rows; row++)
            {
                Matrix.DecodeRow(row, strip * StripColumns, weights);
                for (var token = 0; token < Tokens; token++)
                    Vectors.MultiplyAdd(weights, Input[(long)token * Matrix.Rows + row], OutputOf(token, strip, columns));
            }
        }

        private readonly Span<float> OutputOf(int token, int strip, int columns) =>
            new(Output + (long)token * Matrix.Columns + strip * StripColumns, columns);
    }
}
