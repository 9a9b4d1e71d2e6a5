using System.Diagnostics.CodeAnalysis;

namespace Ayni.Kernels;

/// <summary>
/// Rows rounded to BF16 where they were computed, as the left side of products with packed operands (<see cref="FloatProduct"/>), in memory
/// that is used again for the next rows. For one thread at a time.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Nothing but memory is owned, which its finalizer frees.")]
public sealed unsafe class RoundedRows
{
    /// <summary>Values that are rounded at once, of which a row has a multiple.</summary>
    internal const int ValuesAtATime = RowRoundingKernel.Values;

    private NativeBuffer? _memory;

    /// <summary>Rows.</summary>
    public int Count { get; private set; }

    /// <summary>Values of a row.</summary>
    public int Depth { get; private set; }

    /// <summary>The rows in pairs of values, <c>[Count, Depth / 2]</c>, with room for rows that fill up the last tile.</summary>
    internal float* Pairs => (float*)_memory!.Pointer;

    /// <summary>
    /// Whether a machine computes rows of so many values rounded: its processor has <c>vdpbf16ps</c>, and they are a multiple of 32.
    /// </summary>
    public static bool AreMadeBy(ComputeContext context, int depth) =>
        depth > 0 && depth % ValuesAtATime == 0 && context.Kernels?.FindBFloat16() is not null;

    /// <summary>Makes room for rows in place of those from before.</summary>
    /// <param name="count">Rows.</param>
    /// <param name="depth">Values of a row.</param>
    /// <exception cref="ArgumentException">The values are not a multiple of 32.</exception>
    public void Reserve(int count, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CheckDepth(depth);
        (Count, Depth) = (count, depth);
        var bytes = PanelProduct<BFloat16Tile512>.Padded(count, BFloat16Tile512.Rows) * depth * sizeof(ushort);
        if (_memory is { } memory && memory.Bytes >= bytes)
            return;
        _memory?.Dispose();
        _memory = new NativeBuffer(bytes);
    }

    /// <summary>Throws unless rows of so many values can be rounded where they are computed.</summary>
    internal static void CheckDepth(int depth)
    {
        if (depth <= 0 || depth % ValuesAtATime != 0)
            throw new ArgumentException($"{depth} values of a row are not a multiple of {ValuesAtATime}.", nameof(depth));
    }

    /// <summary>Throws unless a packed operand takes such rows as a part of its inner dimension.</summary>
    internal static void CheckPart(PackedOperand operand, OperandSide side, int values, int start, int count)
    {
        ShapeMismatchException.ThrowUnlessEqual(operand.Count, values, nameof(operand));
        if (operand.Precision != ProductPrecision.BF16 || operand.Side != side)
            throw new ArgumentException("An operand is on the other side, or not rounded to BF16.", nameof(operand));
        operand.CheckPart(start, count);
    }

    /// <summary>The kernels that make such rows.</summary>
    /// <exception cref="NotSupportedException">This machine has none.</exception>
    internal static BFloat16Kernels Kernels(ComputeContext context) =>
        context.Kernels?.FindBFloat16() ?? throw new NotSupportedException("This machine does not compute rows rounded to BF16.");

    /// <summary>The kernel that makes them of a norm's gradient.</summary>
    internal static Kernel NormGradientKernel(ComputeContext context, int dim, bool givesGradients)
    {
        _ = Kernels(context);
        return context.Kernels!.FindNormGradient(dim, givesGradients);
    }
}
