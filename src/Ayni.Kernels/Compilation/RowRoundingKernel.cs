using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel that rounds rows is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RowRoundingArguments
{
    /// <summary>The first row.</summary>
    public float* Source;

    /// <summary>Bytes from behind a row's last value to the next row.</summary>
    public long SourceGap;

    /// <summary>Receives the rows in BF16, one right behind the other.</summary>
    public float* Target;

    /// <summary>Rows, at least one.</summary>
    public long Rows;

    /// <summary>Times 32 values of a row, at least one.</summary>
    public long Count;
}

/// <summary>Rounds rows to BF16: the left side of tiles (<see cref="BFloat16TileKernel"/>).</summary>
internal static class RowRoundingKernel
{
    /// <summary>Values at a time, of which a row has a multiple.</summary>
    public const int Values = 32;

    private static readonly Register Source = Register.RSI;
    private static readonly Register Gap = Register.R8;
    private static readonly Register Target = Register.RDI;
    private static readonly Register Rows = Register.RDX;
    private static readonly Register Count = Register.RCX;

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code)
    {
        code.Load(Source, Argument(nameof(RowRoundingArguments.Source)));
        code.Load(Gap, Argument(nameof(RowRoundingArguments.SourceGap)));
        code.Load(Target, Argument(nameof(RowRoundingArguments.Target)));
        code.Load(Rows, Argument(nameof(RowRoundingArguments.Rows)));
        var (lower, upper) = (new Vector(0), new Vector(1));
        var row = code.CreateLabel();
        code.Place(row);
        code.Load(Count, Argument(nameof(RowRoundingArguments.Count)));
        var next = code.CreateLabel();
        code.Place(next);
        code.Load(lower, new Memory(Source));
        code.Load(upper, new Memory(Source, code.Target.VectorBytes));
        code.RoundToBFloat16(lower, lower, upper);
        code.Store(new Memory(Target), lower);
        code.AddTo(Source, 2 * code.Target.VectorBytes);
        code.AddTo(Target, code.Target.VectorBytes);
        code.CountDown(Count, next);
        code.AddTo(Source, Gap);
        code.CountDown(Rows, row);
    }

    private static Memory Argument(string field) => KernelAssembler.Argument<RowRoundingArguments>(field);
}
