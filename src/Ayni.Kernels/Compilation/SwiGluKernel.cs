using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of the gated unit is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SwiGluArguments
{
    /// <summary>The gate.</summary>
    public float* Gate;

    /// <summary>The other half.</summary>
    public float* Up;

    /// <summary>Receives the gate in BF16, past the caches; aligned to cache lines.</summary>
    public ushort* KeptGate;

    /// <summary>Receives the other half likewise.</summary>
    public ushort* KeptUp;

    /// <summary>Receives the output in BF16.</summary>
    public float* Output;

    /// <summary>Times 32 values, at least one.</summary>
    public long Count;
}

/// <summary>The gated linear unit (<see cref="SwiGlu"/>), rounded to BF16 in registers, and its inputs, kept in BF16.</summary>
internal static class SwiGluKernel
{
    private const int Vectors = RoundedRows.ValuesAtATime / 16;

    private static readonly Register Gate = Register.RSI;
    private static readonly Register Up = Register.RDX;
    private static readonly Register KeptGate = Register.R8;
    private static readonly Register KeptUp = Register.R9;
    private static readonly Register Output = Register.RDI;
    private static readonly Register Count = Register.RCX;

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code)
    {
        (Register, string)[] fields =
        [
            (Gate, nameof(SwiGluArguments.Gate)), (Up, nameof(SwiGluArguments.Up)), (KeptGate, nameof(SwiGluArguments.KeptGate)),
            (KeptUp, nameof(SwiGluArguments.KeptUp)), (Output, nameof(SwiGluArguments.Output)), (Count, nameof(SwiGluArguments.Count)),
        ];
        foreach (var (register, field) in fields)
            code.Load(register, KernelAssembler.Argument<SwiGluArguments>(field));
        var (minusLogarithmOfE, one) = (new Vector(30), new Vector(31));
        code.Broadcast(minusLogarithmOfE, code.Constant(BitConverter.GetBytes(-PowersOfTwo.LogarithmOfE)));
        code.Broadcast(one, code.Constant(BitConverter.GetBytes(1f)));

        var next = code.CreateLabel();
        code.Place(next);
        var powers = new List<(Vector Power, Vector Whole, Vector Result)>();
        for (var v = 0; v < Vectors; v++)
        {
            code.Load(Gates(v), new Memory(Gate, v * code.Target.VectorBytes));
            code.Load(Ups(v), new Memory(Up, v * code.Target.VectorBytes));
            powers.Add((new Vector(4 + v), new Vector(6 + v), new Vector(8 + v)));
            code.Multiply(powers[v].Power, Gates(v), minusLogarithmOfE);
        }
        PowersOfTwo.Raise(code, powers);
        code.RoundToBFloat16(new Vector(10), Gates(0), Gates(1));
        code.RoundToBFloat16(new Vector(11), Ups(0), Ups(1));
        code.StorePast(new Memory(KeptGate), new Vector(10));
        code.StorePast(new Memory(KeptUp), new Vector(11));
        for (var v = 0; v < Vectors; v++)
        {
            code.Add(powers[v].Power, powers[v].Power, one);
            code.Divide(Gates(v), Gates(v), powers[v].Power);
            code.Multiply(Gates(v), Gates(v), Ups(v));
        }
        code.RoundToBFloat16(Gates(0), Gates(0), Gates(1));
        code.Store(new Memory(Output), Gates(0));
        foreach (var register in new[] { Gate, Up })
            code.AddTo(register, Vectors * code.Target.VectorBytes);
        foreach (var register in new[] { KeptGate, KeptUp, Output })
            code.AddTo(register, code.Target.VectorBytes);
        code.CountDown(Count, next);
    }

    private static Vector Gates(int v) => new(v);

    private static Vector Ups(int v) => new(Vectors + v);
}
