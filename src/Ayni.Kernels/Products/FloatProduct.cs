namespace Ayni.Kernels;

/// <summary>
/// Products of float matrices that change from step to step, as training needs them: forward, back to the inputs, and to the weights, by
/// one code over views and their transposes. Both sides are packed into panels as they are used, block by block (Goto and van de Geijn
/// 2008, doi:10.1145/1356052.1356053; Van Zee and van de Geijn 2015, doi:10.1145/2764454).
/// </summary>
/// <remarks>
/// The inner dimension is summed in blocks at fixed places and never divided among threads, so results are the same to the bit for any
/// number of threads.
/// </remarks>
public static unsafe class FloatProduct
{
    // Packed columns at a time: 16 MB.
    private const long MostPacked = 4 << 20;

    /// <summary>Computes <c>output = left · right</c>, or adds it to the output.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>.</param>
    /// <param name="output"><c>[rows, columns]</c>; neither of the operands.</param>
    /// <param name="context">Team and scratch memory.</param>
    /// <param name="accumulate">True to add to the output, false to overwrite it.</param>
    /// <param name="precision">To what the operands are rounded first; sums are float32 in any case.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    public static void Multiply(
        MatrixView left, MatrixView right, Span<float> output, ComputeContext context, bool accumulate = false,
        ProductPrecision precision = ProductPrecision.F32) =>
        Multiply(left, right, accumulate ? output : [], output, context, precision);

    /// <summary>Computes <c>output = addend + left · right</c>.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>.</param>
    /// <param name="addend"><c>[rows, columns]</c>, which may be the output; empty for none.</param>
    /// <param name="output"><c>[rows, columns]</c>; neither of the operands.</param>
    /// <param name="context">Team and scratch memory.</param>
    /// <param name="precision">To what the operands are rounded first; sums are float32 in any case.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    public static void Multiply(
        MatrixView left, MatrixView right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context,
        ProductPrecision precision = ProductPrecision.F32)
    {
        CheckShapes(left.Rows, left.Columns, right.Rows, right.Columns, addend, output);
        if (left.Columns == 0 && addend.IsEmpty)
            output.Clear();
        else if (left.Columns == 0)
            addend.CopyTo(output);
        if (output.Length == 0 || left.Columns == 0)
            return;
        var work = new MultiplyViews { Left = left, Right = right, Addend = addend, Output = output, Context = context };
        ProductTiles.Choose(ref work, precision, context);
    }

    /// <summary>Computes <c>output = addend + left · right</c>.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>, packed.</param>
    /// <param name="addend"><c>[rows, columns]</c>, which may be the output; empty for none.</param>
    /// <param name="output"><c>[rows, columns]</c>; not the left operand.</param>
    /// <param name="context">Team.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    public static void Multiply(
        MatrixView left, PackedOperand right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context)
    {
        CheckShapes(left.Rows, left.Columns, right.Depth, right.Count, addend, output);
        if (right.Side != OperandSide.Right)
            throw new ArgumentException("The operand is a left side.", nameof(right));
        if (output.Length == 0)
            return;
        var work = new MultiplyPacked { Left = left, Right = right, Addend = addend, Output = output, Context = context };
        ProductTiles.Choose(ref work, right.Precision, context);
    }

    /// <summary>Computes <c>output = addend + left · right</c>.</summary>
    /// <param name="left"><c>[rows, depth]</c>.</param>
    /// <param name="right"><c>[depth, columns]</c>, packed, rounded to BF16.</param>
    /// <param name="addend"><c>[rows, columns]</c>, which may be the output; empty for none.</param>
    /// <param name="output"><c>[rows, columns]</c>.</param>
    /// <param name="context">Team.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit together.</exception>
    /// <exception cref="ArgumentException">The right operand is a left side, or not rounded to BF16.</exception>
    /// <exception cref="NotSupportedException">The machine makes no rounded rows.</exception>
    public static void Multiply(
        RoundedRows left, PackedOperand right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context)
    {
        CheckShapes(left.Count, left.Depth, right.Depth, right.Count, addend, output);
        if (right.Side != OperandSide.Right || right.Precision != ProductPrecision.BF16)
            throw new ArgumentException("The operand is a left side, or not rounded to BF16.", nameof(right));
        if (output.Length == 0)
            return;
        fixed (float* addends = addend, outputs = output)
        {
            var product = new MultiplyBlocks<BFloat16Tile512>(left.Count, right.Count, context.Team.WorkerCount)
            {
                Panels = new PanelProduct<BFloat16Tile512>(new BFloat16Tile512(RoundedRows.Kernels(context))),
                LeftRows = left.Pairs,
                Right = right.Panels,
                Depth = right.Depth,
                Addend = addends,
                Output = outputs,
                Stride = right.Count,
            };
            context.Team.Run(ref product, product.ChunkCount);
        }
        GC.KeepAlive(left);
        GC.KeepAlive(right);
    }

    /// <summary>Adds products to sums: <c>sums += left · right</c>.</summary>
    /// <param name="products">All of one precision.</param>
    /// <param name="context">Team.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit together.</exception>
    /// <exception cref="ArgumentException">An operand is on the other side, or of another precision.</exception>
    public static void Add(ReadOnlySpan<PackedProduct> products, ComputeContext context)
    {
        foreach (var (left, right, sums) in products)
        {
            ShapeMismatchException.ThrowUnlessEqual(right.Depth, left.Depth, nameof(right));
            ShapeMismatchException.ThrowUnlessEqual(sums.Length, (long)left.Count * right.Count, nameof(sums));
            if (left.Side != OperandSide.Left || right.Side != OperandSide.Right)
                throw new ArgumentException("An operand is on the other side.", nameof(products));
            if (left.Precision != products[0].Left.Precision || right.Precision != left.Precision)
                throw new ArgumentException("Operands have several precisions.", nameof(products));
        }
        if (products.IsEmpty)
            return;
        var work = new AddPacked { Products = products, Context = context };
        ProductTiles.Choose(ref work, products[0].Left.Precision, context);
    }

    internal static void Multiply<TTile>(
        TTile tile, MatrixView left, MatrixView right, ReadOnlySpan<float> addend, Span<float> output, ComputeContext context)
        where TTile : struct, IProductTile
    {
        var depthBlock = PanelProduct<TTile>.DepthBlock;
        fixed (float* leftValues = left.Values, rightValues = right.Values, addends = addend, outputs = output)
        {
            var leftMatrix = new StridedMatrix(leftValues, left.RowStride, left.ColumnStride);
            var rightMatrix = new StridedMatrix(rightValues, right.RowStride, right.ColumnStride);
            var mostColumns = (int)(MostPacked / PanelProduct<TTile>.StepBlock);
            for (var column = 0; column < right.Columns; column += mostColumns)
            {
                var columns = Math.Min(mostColumns, right.Columns - column);
                var packedColumns = PanelProduct<TTile>.Padded(columns, TTile.Columns);
                var mostDepth = (int)Math.Max(1, MostPacked / packedColumns / PanelProduct<TTile>.StepBlock) * depthBlock;
                for (var step = 0; step < left.Columns; step += mostDepth)
                {
                    var depth = Math.Min(mostDepth, left.Columns - step);
                    var panels = (float*)context.RentScratch(PackPanels<TTile>.Length(columns, TTile.Columns, depth) * sizeof(float));
                    var packing = new PackPanels<TTile>
                    {
                        Tile = tile,
                        Source = rightMatrix.From(step, column).Transposed,
                        Count = columns,
                        Width = TTile.Columns,
                        Depth = depth,
                        WholeDepth = depth,
                        Panels = panels,
                    };
                    context.Team.Run(ref packing, packing.ChunkCount);
                    var product = new MultiplyBlocks<TTile>(left.Rows, columns, context.Team.WorkerCount)
                    {
                        Panels = new PanelProduct<TTile>(tile),
                        Left = leftMatrix.From(0, step),
                        Right = panels,
                        Depth = depth,
                        Addend = step > 0 ? outputs + column : addends == null ? null : addends + column,
                        Output = outputs + column,
                        Stride = right.Columns,
                    };
                    context.Team.Run(ref product, product.ChunkCount);
                }
            }
        }
    }

    private static void CheckShapes(int rows, int leftDepth, int depth, int columns, ReadOnlySpan<float> addend, Span<float> output)
    {
        ShapeMismatchException.ThrowUnlessEqual(depth, leftDepth, "right");
        ShapeMismatchException.ThrowUnlessEqual(output.Length, (long)rows * columns, nameof(output));
        if (!addend.IsEmpty)
            ShapeMismatchException.ThrowUnlessEqual(addend.Length, output.Length, nameof(addend));
    }

    private ref struct MultiplyViews : ITileUser
    {
        public MatrixView Left;
        public MatrixView Right;
        public ReadOnlySpan<float> Addend;
        public Span<float> Output;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile =>
            Multiply(tile, Left, Right, Addend, Output, Context);
    }

    private ref struct MultiplyPacked : ITileUser
    {
        public MatrixView Left;
        public PackedOperand Right;
        public ReadOnlySpan<float> Addend;
        public Span<float> Output;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            fixed (float* left = Left.Values, addend = Addend, output = Output)
            {
                var product = new MultiplyBlocks<TTile>(Left.Rows, Right.Count, Context.Team.WorkerCount)
                {
                    Panels = new PanelProduct<TTile>(tile),
                    Left = new StridedMatrix(left, Left.RowStride, Left.ColumnStride),
                    Right = Right.Panels,
                    Depth = Right.Depth,
                    Addend = addend,
                    Output = output,
                    Stride = Right.Count,
                };
                Context.Team.Run(ref product, product.ChunkCount);
            }
        }
    }

    private ref struct AddPacked : ITileUser
    {
        public ReadOnlySpan<PackedProduct> Products;
        public ComputeContext Context;

        public readonly void Use<TTile>(TTile tile) where TTile : struct, IProductTile
        {
            var products = new MultiplyBlocks<TTile>[Products.Length];
            var sums = new float[Products.Length][];
            for (var i = 0; i < products.Length; i++)
            {
                var (left, right) = (Products[i].Left, Products[i].Right);
                sums[i] = Products[i].Sums;
                products[i] = new MultiplyBlocks<TTile>(left.Count, right.Count, Context.Team.WorkerCount)
                {
                    Panels = new PanelProduct<TTile>(tile),
                    LeftPanels = left.Panels,
                    Right = right.Panels,
                    Depth = left.Depth,
                    Stride = right.Count,
                };
            }
            var work = new AddProducts<TTile>(products, sums);
            Context.Team.Run(ref work, work.ChunkCount);
        }
    }
}
