using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of a product of scores is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreProductArguments
{
    /// <summary>The left side as <see cref="ScoreKernel"/> wrote it.</summary>
    public float* Left;

    /// <summary>A panel of the right side, <c>[steps, 32]</c> pairs.</summary>
    public float* Right;

    /// <summary>What is added to the tiles, laid out as they are; null for nothing.</summary>
    public float* Addend;

    /// <summary>Receives the tiles, one below the other.</summary>
    public float* Output;

    /// <summary>Bytes from one row of the output, and of the addend, to the next.</summary>
    public long Stride;

    /// <summary>Tiles, at least one.</summary>
    public long Tiles;

    /// <summary>Pairs of the inner dimension.</summary>
    public long Steps;

    /// <summary>
    /// The first tile's first pair of queries that sees any of its keys, negative where that lies before, or the end of the pairs of keys
    /// that its queries see.
    /// </summary>
    public long Diagonal;

    /// <summary>The steps that follow it.</summary>
    public long Rest;

    /// <summary>Bytes of the right side before it.</summary>
    public long Offset;
}

/// <summary>
/// Multiplies what <see cref="ScoreKernel"/> made of scores: eight rows, keys or queries, of two vectors. Each tile leaves out the steps
/// in which all scores are zero because a query does not see the keys behind it.
/// </summary>
internal static class ScoreProductKernel
{
    private const int Rows = BFloat16TileKernel.Rows;
    private const int Vectors = BFloat16TileKernel.Vectors;

    // Pairs of keys, or of queries, in the eight of a tile.
    private const int TileSteps = Rows / 2;

    private static readonly Register LeftTile = Register.RSI;
    private static readonly Register Left = Register.RDX;
    private static readonly Register Right = Register.R9;
    private static readonly Register Column = Register.R8;
    private static readonly Register Count = Register.RBX;
    private static readonly Register Addend = Register.R13;
    private static readonly Register Output = Register.RDI;
    private static readonly Register Stride = Register.R14;
    private static readonly Register Tiles = Register.RCX;
    private static readonly Register Diagonal = Register.R11;
    private static readonly Register Rest = Register.R10;
    private static readonly Register Offset = Register.R12;

    private static readonly Vector Activation = new(Rows * Vectors + Vectors);

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    /// <param name="rowsAreKeys">Whether rows are keys, whose queries come in pairs, or queries, whose keys do.</param>
    /// <param name="code">Receives it.</param>
    public static void Emit(bool rowsAreKeys, KernelAssembler code)
    {
        (Register, string)[] fields =
        [
            (LeftTile, nameof(ScoreProductArguments.Left)), (Right, nameof(ScoreProductArguments.Right)),
            (Addend, nameof(ScoreProductArguments.Addend)), (Output, nameof(ScoreProductArguments.Output)),
            (Stride, nameof(ScoreProductArguments.Stride)), (Tiles, nameof(ScoreProductArguments.Tiles)),
            (Diagonal, nameof(ScoreProductArguments.Diagonal)), (Rest, nameof(ScoreProductArguments.Rest)),
            (Offset, nameof(ScoreProductArguments.Offset)),
        ];
        foreach (var (register, field) in fields)
            code.Load(register, Argument(field));
        var columnBytes = Vectors * code.Target.VectorBytes;
        var (rowBytes, stepBytes) = rowsAreKeys ? (code.Target.VectorBytes, sizeof(float)) : (sizeof(float), columnBytes);
        var next = code.CreateLabel();
        code.Place(next);
        ChooseSteps(rowsAreKeys, code);
        Multiply(rowBytes, stepBytes, code);
        code.AddTo(LeftTile, Rows * rowBytes);
        code.AddTo(Diagonal, TileSteps);
        code.AddTo(Rest, -TileSteps);
        code.AddTo(Offset, TileSteps * columnBytes);
        code.CountDown(Tiles, next);
    }

    private static void ChooseSteps(bool rowsAreKeys, KernelAssembler code)
    {
        var whole = code.CreateLabel();
        code.Copy(Left, LeftTile);
        code.Copy(Column, Right);
        code.Load(Count, Argument(nameof(ScoreProductArguments.Steps)));
        code.JumpIfLess(rowsAreKeys ? Diagonal : Rest, 1, whole);
        code.Copy(Count, rowsAreKeys ? Rest : Diagonal);
        if (rowsAreKeys)
        {
            code.LoadAddress(Left, new Memory(LeftTile, 0, Diagonal, sizeof(float)));
            code.AddTo(Column, Offset);
        }
        code.Place(whole);
    }

    private static void Multiply(int rowBytes, int stepBytes, KernelAssembler code)
    {
        for (var i = 0; i < Rows * Vectors; i++)
            code.Clear(new Vector(i));
        var (next, end, store) = (code.CreateLabel(), code.CreateLabel(), code.CreateLabel());
        code.JumpIfLess(Count, 1, end);
        code.Place(next);
        for (var v = 0; v < Vectors; v++)
            code.Load(Columns(v), new Memory(Column, v * code.Target.VectorBytes));
        for (var row = 0; row < Rows; row++)
        {
            code.Broadcast(Activation, new Memory(Left, row * rowBytes));
            for (var v = 0; v < Vectors; v++)
                code.DotBFloat16(Sum(row, v), Columns(v), Activation);
        }
        code.AddTo(Left, stepBytes);
        code.AddTo(Column, Vectors * code.Target.VectorBytes);
        code.CountDown(Count, next);
        code.Place(end);
        code.JumpIfLess(Addend, 1, store);
        ForEachRow(Addend, code, (row, v, place) => code.Add(Sum(row, v), Sum(row, v), place));
        code.Place(store);
        ForEachRow(Output, code, (row, v, place) => code.Store(place, Sum(row, v)));
    }

    /// <summary>Emits something for each row's vectors and leaves the register behind the last row.</summary>
    private static void ForEachRow(Register place, KernelAssembler code, Action<int, int, Memory> emit)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var v = 0; v < Vectors; v++)
                emit(row, v, new Memory(place, v * code.Target.VectorBytes));
            code.AddTo(place, Stride);
        }
    }

    private static Memory Argument(string field) => KernelAssembler.Argument<ScoreProductArguments>(field);

    private static Vector Sum(int row, int v) => new(row * Vectors + v);

    private static Vector Columns(int v) => new(Rows * Vectors + v);
}
