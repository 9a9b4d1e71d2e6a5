using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of a product's tiles is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>Panels of the left side, <c>[panels, steps, 8]</c> pairs.</summary>
    public float* Left;

    /// <summary>A panel of the right side, <c>[steps, 32]</c> pairs.</summary>
    public float* Right;

    /// <summary>What is added to the tiles, laid out as they are; null for nothing.</summary>
    public float* Addend;

    /// <summary>Receives the tiles, one below the other.</summary>
    public float* Output;

    /// <summary>Tiles, at least one.</summary>
    public long Panels;

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
    private static readonly Register Right = Register.RDX;
    private static readonly Register Output = Register.RDI;
    private static readonly Register Panels = Register.RCX;
    private static readonly Register Steps = Register.R8;
    private static readonly Register Stride = Register.R9;
    private static readonly Register Addend = Register.R10;
    private static readonly Register Column = Register.R11;
    private static readonly Register Count = Register.RBX;

    private static readonly Vector Activation = new(Rows * Vectors + Vectors);

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code)
    {
        Register[] fields = [Left, Right, Addend, Output, Panels, Steps, Stride];
        for (var i = 0; i < fields.Length; i++)
            code.Load(fields[i], new Memory(KernelAssembler.Arguments, i * sizeof(long)));
        var next = code.CreateLabel();
        code.Place(next);
        Multiply(code);
        Put(code);
        code.CountDown(Panels, next);
    }

    private static void Multiply(KernelAssembler code)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var v = 0; v < Vectors; v++)
                code.Clear(Sum(row, v));
        }
        code.Copy(Column, Right);
        code.Copy(Count, Steps);
        var next = code.CreateLabel();
        code.Place(next);
        for (var v = 0; v < Vectors; v++)
            code.Load(Columns(v), new Memory(Column, v * code.Target.VectorBytes));
        for (var row = 0; row < Rows; row++)
        {
            code.Broadcast(Activation, new Memory(Left, row * sizeof(float)));
            for (var v = 0; v < Vectors; v++)
                code.DotBFloat16(Sum(row, v), Columns(v), Activation);
        }
        code.AddTo(Left, Rows * sizeof(float));
        code.AddTo(Column, Vectors * code.Target.VectorBytes);
        code.CountDown(Count, next);
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
