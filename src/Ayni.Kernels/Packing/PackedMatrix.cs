namespace Ayni.Kernels;

/// <summary>
/// A weight matrix <c>[rows, columns]</c> in the layout its tier multiplies fastest. Everything that multiplies weights goes through here.
/// Immutable; its operations are called by one thread at a time, since they share the context's worker team.
/// </summary>
public abstract class PackedMatrix : IDisposable
{
    private protected PackedMatrix(TensorType type, int rows, int columns)
    {
        Type = type;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The storage type of the weights.</summary>
    public TensorType Type { get; }

    /// <summary>Rows, the length of a product.</summary>
    public int Rows { get; }

    /// <summary>Columns, the length of what is multiplied.</summary>
    public int Columns { get; }

    /// <summary>
    /// Raised whenever a layout of packed weights changes, so that what was packed before is packed again (<see cref="Packed"/>).
    /// </summary>
    public const int LayoutVersion = 2;

    /// <summary>Memory the packed weights take, in bytes; 0 where they are read from the file.</summary>
    public long PackedBytes => Packed.Bytes;

    /// <summary>
    /// The packed weights, valid until this is disposed: a later process may take them as they are (<see cref="FromPacked"/>), for the
    /// same <see cref="ComputeContext.PackedLayout"/> and <see cref="LayoutVersion"/>. Empty where weights are read from the file.
    /// </summary>
    public abstract TensorData Packed { get; }

    /// <summary>Packs a matrix stored row by row.</summary>
    /// <param name="data">The file's bytes, <c>[rows, columns]</c> in blocks of <paramref name="type"/>. The scalar tier goes on reading
    /// them.</param>
    /// <param name="type">The storage type.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, a multiple of the type's block length.</param>
    /// <param name="context">The tier to pack for, and the team that packs.</param>
    /// <param name="isExact">Whether what is multiplied may not be rounded to 8 or 16 bits, at whatever cost: for products that
    /// decide.</param>
    /// <exception cref="ShapeMismatchException">The bytes are not exactly those of the shape.</exception>
    /// <exception cref="NotSupportedException">The type is not among <see cref="TensorTypes.Readable"/>.</exception>
    public static PackedMatrix Pack(TensorData data, TensorType type, int rows, int columns, ComputeContext context, bool isExact = false) =>
        Create(data, type, rows, columns, context, isExact, isPacked: false);

    /// <summary>Takes a matrix that was packed before.</summary>
    /// <param name="packed">What <see cref="Packed"/> was; used as it is for as long as the matrix lives, and not copied.</param>
    /// <param name="type">The storage type.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, a multiple of the type's block length.</param>
    /// <param name="context">A context of the same <see cref="ComputeContext.PackedLayout"/>.</param>
    /// <param name="isExact">What was said when it was packed.</param>
    /// <exception cref="ShapeMismatchException">The bytes are not exactly those of the shape.</exception>
    /// <exception cref="NotSupportedException">The type is not among <see cref="TensorTypes.Readable"/>, or the context's tier packs
    /// nothing.</exception>
    public static PackedMatrix FromPacked(TensorData packed, TensorType type, int rows, int columns, ComputeContext context, bool isExact = false) =>
        Create(packed, type, rows, columns, context, isExact, isPacked: true);

    /// <summary>Multiplies each input with every row: <c>output[t, r] = Σ input[t, c] · weight[r, c]</c>.</summary>
    /// <param name="input"><c>[tokens, columns]</c>.</param>
    /// <param name="output"><c>[tokens, rows]</c>, overwritten. A row's result does not depend on how many tokens there are.</param>
    /// <param name="context">The context the matrix was packed with.</param>
    public void Multiply(ReadOnlySpan<float> input, Span<float> output, ComputeContext context)
    {
        var tokens = CountTokens(input.Length, Columns, output.Length, Rows);
        if (tokens > 0)
            MultiplyCore(input, output, tokens, context);
    }

    /// <summary>Multiplies each input with every column: <c>output[t, c] = Σ input[t, r] · weight[r, c]</c>.</summary>
    /// <param name="input"><c>[tokens, rows]</c>.</param>
    /// <param name="output"><c>[tokens, columns]</c>, overwritten.</param>
    /// <param name="context">The context the matrix was packed with.</param>
    public void MultiplyTransposed(ReadOnlySpan<float> input, Span<float> output, ComputeContext context)
    {
        var tokens = CountTokens(input.Length, Rows, output.Length, Columns);
        if (tokens > 0)
            MultiplyTransposedCore(input, output, tokens, context);
    }

    /// <summary>Copies one row, decoded: an embedding look-up.</summary>
    /// <param name="row">The row, in <c>[0, Rows)</c>.</param>
    /// <param name="destination">Receives <see cref="Columns"/> weights.</param>
    public void CopyRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        ShapeMismatchException.ThrowUnlessEqual(destination.Length, Columns, nameof(destination));
        CopyRowCore(row, destination);
    }

    /// <summary>Copies some rows, decoded, with the whole team.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="destination">Receives <c>[rows, columns]</c>, whole rows.</param>
    /// <param name="context">The team; its tier need not be the one the matrix was packed for.</param>
    public void CopyRows(int first, Span<float> destination, ComputeContext context)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        var rows = destination.Length / Columns;
        ShapeMismatchException.ThrowUnlessEqual(destination.Length, (long)rows * Columns, nameof(destination));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Rows - rows);
        var work = new DecodeRows { Matrix = this, First = first, Destination = destination };
        context.Team.Run(ref work, rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        DisposeCore();
        GC.SuppressFinalize(this);
    }

    private protected abstract void MultiplyCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context);

    private protected abstract void MultiplyTransposedCore(
        ReadOnlySpan<float> input, Span<float> output, int tokens, ComputeContext context);

    private protected abstract void CopyRowCore(int row, Span<float> destination);

    private protected virtual void DisposeCore()
    {
    }

    private static PackedMatrix Create(
        TensorData data, TensorType type, int rows, int columns, ComputeContext context, bool isExact, bool isPacked) => type switch
        {
            TensorType.F32 => Create<F32Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.F16 => Create<F16Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.BF16 => Create<BF16Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q4_0 => Create<Q40Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q4_1 => Create<Q41Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q5_0 => Create<Q50Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q5_1 => Create<Q51Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q8_0 => Create<Q80Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q2_K => Create<Q2KFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q3_K => Create<Q3KFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q4_K => Create<Q4KFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q5_K => Create<Q5KFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.Q6_K => Create<Q6KFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.IQ4_NL => Create<Iq4NlFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.IQ4_XS => Create<Iq4XsFormat>(data, rows, columns, context, isExact, isPacked),
            TensorType.TQ1_0 => Create<Tq1Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.TQ2_0 => Create<Tq2Format>(data, rows, columns, context, isExact, isPacked),
            TensorType.MXFP4 => Create<Mxfp4Format>(data, rows, columns, context, isExact, isPacked),
            _ => throw new NotSupportedException($"Tensors of type {type} cannot be multiplied; supported: {string.Join(", ", TensorTypes.Readable)}."),
        };

    private static PackedMatrix Create<TFormat>(TensorData data, int rows, int columns, ComputeContext context, bool isExact, bool isPacked)
        where TFormat : struct, IWeightFormat
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ShapeMismatchException.ThrowUnlessEqual(columns % TFormat.BlockLength, 0, "the last block of a row");
        if (!isPacked)
            ShapeMismatchException.ThrowUnlessEqual(data.Bytes, (long)rows * (columns / TFormat.BlockLength) * TFormat.BlockBytes, nameof(data));
        else if (context.PackedLayout is null)
            throw new NotSupportedException("This tier reads weights from their file and packs none.");
        if (context.Tier == KernelTier.Scalar)
            return new ScalarMatrix<TFormat>(data, rows, columns);
        return context.Kernels?.Find(TFormat.Type, columns, isExact) is { } kernels
            ? new CompiledMatrix<TFormat>(data, rows, columns, kernels, context, isPacked)
            : new PanelMatrix<TFormat>(data, rows, columns, context, isPacked);
    }

    private static int CountTokens(int inputLength, int inputWidth, int outputLength, int outputWidth)
    {
        var tokens = inputLength / inputWidth;
        ShapeMismatchException.ThrowUnlessEqual(inputLength, (long)tokens * inputWidth, "input");
        ShapeMismatchException.ThrowUnlessEqual(outputLength, (long)tokens * outputWidth, "output");
        return tokens;
    }

    private ref struct DecodeRows : IChunkedWork
    {
        public PackedMatrix Matrix;
        public int First;
        public Span<float> Destination;

        public readonly void Execute(int row) =>
            Matrix.CopyRowCore(First + row, Destination.Slice(row * Matrix.Columns, Matrix.Columns));
    }
}
