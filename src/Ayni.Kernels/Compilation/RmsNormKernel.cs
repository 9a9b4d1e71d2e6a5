using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of normalization is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RmsNormArguments
{
    /// <summary>Rows, one right behind the other.</summary>
    public float* Source;

    /// <summary>The weights, as many as a row has values.</summary>
    public float* Weight;

    /// <summary>Receives the rows in BF16.</summary>
    public float* Target;

    /// <summary>Rows, at least one.</summary>
    public long Rows;

    /// <summary>Times 32 values of a row, at least one.</summary>
    public long Count;

    /// <summary>What the sum of a row's squares is multiplied by: one by its values.</summary>
    public float Share;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}

/// <summary>Root-mean-square normalization (<see cref="RmsNorm"/>), rounded to BF16 in registers.</summary>
internal static class RmsNormKernel
{
    private const int Vectors = RoundedRows.ValuesAtATime / 16;

    private static readonly Register Source = Register.RSI;
    private static readonly Register Value = Register.R8;
    private static readonly Register Weight = Register.RBX;
    private static readonly Register Target = Register.RDI;
    private static readonly Register Rows = Register.RDX;
    private static readonly Register Count = Register.RCX;

    private static readonly Vector Share = new(29);
    private static readonly Vector Epsilon = new(30);
    private static readonly Vector One = new(31);

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code)
    {
        code.Load(Source, Argument(nameof(RmsNormArguments.Source)));
        code.Load(Target, Argument(nameof(RmsNormArguments.Target)));
        code.Load(Rows, Argument(nameof(RmsNormArguments.Rows)));
        code.Broadcast(Share, Argument(nameof(RmsNormArguments.Share)));
        code.Broadcast(Epsilon, Argument(nameof(RmsNormArguments.Epsilon)));
        code.Broadcast(One, code.Constant(BitConverter.GetBytes(1f)));
        var row = code.CreateLabel();
        code.Place(row);
        var factor = FindFactor(code);
        code.Load(Weight, Argument(nameof(RmsNormArguments.Weight)));
        code.Load(Count, Argument(nameof(RmsNormArguments.Count)));
        var next = code.CreateLabel();
        code.Place(next);
        for (var v = 0; v < Vectors; v++)
        {
            code.Multiply(Values(v), factor, At(Source, v, code));
            code.Multiply(Values(v), Values(v), At(Weight, v, code));
        }
        code.RoundToBFloat16(Values(0), Values(0), Values(1));
        code.Store(new Memory(Target), Values(0));
        foreach (var register in new[] { Source, Weight })
            code.AddTo(register, Vectors * code.Target.VectorBytes);
        code.AddTo(Target, code.Target.VectorBytes);
        code.CountDown(Count, next);
        code.CountDown(Rows, row);
    }

    /// <summary>Finds what a row's values are multiplied by, in every lane.</summary>
    private static Vector FindFactor(KernelAssembler code)
    {
        Vector[] squares = [new(4), new(5)];
        foreach (var square in squares)
            code.Clear(square);
        code.Copy(Value, Source);
        code.Load(Count, Argument(nameof(RmsNormArguments.Count)));
        var next = code.CreateLabel();
        code.Place(next);
        for (var v = 0; v < Vectors; v++)
        {
            code.Load(Values(v), At(Value, v, code));
            code.MultiplyAdd(squares[v], Values(v), Values(v));
        }
        code.AddTo(Value, Vectors * code.Target.VectorBytes);
        code.CountDown(Count, next);

        var sum = squares[0];
        code.Add(sum, sum, squares[1]);
        LaneSums.Spread(code, [(sum, Values(0))], Values(1));
        code.MultiplyByAndAdd(sum, Share, Epsilon);
        code.SquareRoot(sum, sum);
        code.Divide(sum, One, sum);
        return sum;
    }

    private static Memory At(Register place, int v, KernelAssembler code) => new(place, v * code.Target.VectorBytes);

    private static Memory Argument(string field) => KernelAssembler.Argument<RmsNormArguments>(field);

    private static Vector Values(int v) => new(v);
}
