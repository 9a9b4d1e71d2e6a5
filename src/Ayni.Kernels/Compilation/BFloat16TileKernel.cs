using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of a product's tiles is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>The left side, pairs.</summary>
    public float* Left;

    /// <summary>Bytes from one row of the left side to the next.</summary>
    public long RowStride;

    /// <summary>Bytes from one step of a row to the next.</summary>
    public long StepStride;

    /// <summary>Bytes from behind the last step of a tile's first row to the next tile.</summary>
    public long TileStride;

    /// <summary>A panel of the right side, <c>[steps, 32]</c> pairs.</summary>
    public float* Right;

    /// <summary>What is added to the tiles, laid out as they are; null for nothing.</summary>
    public float* Addend;

    /// <summary>Receives the tiles, one below the other.</summary>
    public float* Output;

    /// <summary>Tiles, at least one.</summary>
    public long Tiles;

    /// <summary>Pairs of the inner dimension, at least one.</summary>
    public long Steps;

    /// <summary>Bytes from one row of the output, and of the addend, to the next.</summary>
    public long Stride;
}

/// <summary>
/// Tiles of a product of BF16 numbers for training (<see cref="BFloat16Tile512"/>): eight rows of two 512-bit vectors, whose sixteen sums
/// hide the latency of <c>vdpbf16ps</c>.
/// </summary>
internal static class BFloat16TileKernel
{
    public const int Rows = 8;
    public const int Vectors = 2;

    private static readonly Register Left = Register.RSI;
    private static readonly Register Row = Register.R8;
    private static readonly Register ThreeRows = Register.R9;
    private static readonly Register FiveRows = Register.R10;
    private static readonly Register SevenRows = Register.R11;
    private static readonly Register Step = Register.R12;
    private static readonly Register Column = Register.RDX;
    private static readonly Register Count = Register.RBX;
    private static readonly Register Addend = Register.R13;
    private static readonly Register Output = Register.RDI;
    private static readonly Register Tiles = Register.RCX;
    private static readonly Register Stride = Register.R14;

    private static readonly Memory[] LeftPlaces =
    [
        new(Left), new(Left, 0, Row), new(Left, 0, Row, 2), new(Left, 0, ThreeRows), new(Left, 0, Row, 4), new(Left, 0, FiveRows),
        new(Left, 0, ThreeRows, 2), new(Left, 0, SevenRows),
    ];

    private static readonly Vector Activation = new(Rows * Vectors + Vectors);

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code)
    {
        (Register, string)[] fields =
        [
            (Left, nameof(TileArguments.Left)), (Row, nameof(TileArguments.RowStride)), (Step, nameof(TileArguments.StepStride)),
            (Addend, nameof(TileArguments.Addend)), (Output, nameof(TileArguments.Output)), (Tiles, nameof(TileArguments.Tiles)),
            (Stride, nameof(TileArguments.Stride)),
        ];
        foreach (var (register, field) in fields)
            code.Load(register, Argument(field));
        code.LoadAddress(ThreeRows, new Memory(Row, 0, Row, 2));
        code.LoadAddress(FiveRows, new Memory(Row, 0, Row, 4));
        code.LoadAddress(SevenRows, new Memory(ThreeRows, 0, Row, 4));
        var next = code.CreateLabel();
        code.Place(next);
        Multiply(code);
        Put(code);
        code.CountDown(Tiles, next);
    }

    private static Memory Argument(string field) => KernelAssembler.Argument<TileArguments>(field);

    private static void Multiply(KernelAssembler code)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var v = 0; v < Vectors; v++)
                code.Clear(Sum(row, v));
        }
        code.Load(Column, Argument(nameof(TileArguments.Right)));
        code.Load(Count, Argument(nameof(TileArguments.Steps)));
        var next = code.CreateLabel();
        code.Place(next);
        for (var v = 0; v < Vectors; v++)
            code.Load(Columns(v), new Memory(Column, v * code.Target.VectorBytes));
        for (var row = 0; row < Rows; row++)
        {
            code.Broadcast(Activation, LeftPlaces[row]);
            for (var v = 0; v < Vectors; v++)
                code.DotBFloat16(Sum(row, v), Columns(v), Activation);
        }
        code.AddTo(Left, Step);
        code.AddTo(Column, Vectors * code.Target.VectorBytes);
        code.CountDown(Count, next);
        code.Load(Count, Argument(nameof(TileArguments.TileStride)));
        code.AddTo(Left, Count);
    }

    private static void Put(KernelAssembler code)
    {
        var store = code.CreateLabel();
        code.JumpIfLess(Addend, 1, store);
        ForEachRow(code, Addend, (row, v, place) => code.Add(Sum(row, v), Sum(row, v), place));
        code.Place(store);
        ForEachRow(code, Output, (row, v, place) => code.Store(place, Sum(row, v)));
    }

    /// <summary>Emits something for each row's vectors and leaves the register behind the last row.</summary>
    private static void ForEachRow(KernelAssembler code, Register place, Action<int, int, Memory> emit)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var v = 0; v < Vectors; v++)
                emit(row, v, new Memory(place, v * code.Target.VectorBytes));
            code.AddTo(place, Stride);
        }
    }

    private static Vector Sum(int row, int v) => new(row * Vectors + v);

    private static Vector Columns(int v) => new(Rows * Vectors + v);
}
