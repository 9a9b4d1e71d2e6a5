using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What a limit kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LimitArguments
{
    /// <summary>What is read; nothing for products.</summary>
    public byte* Data;

    /// <summary>How many rounds, at least one.</summary>
    public long Rounds;

    /// <summary>Receives a vector of products' results.</summary>
    public fixed byte Result[64];
}

/// <summary>What a multiplying kernel multiplies.</summary>
internal enum LimitOperation
{
    /// <summary>Bytes, into 32-bit integers.</summary>
    Bytes,

    /// <summary>Floats.</summary>
    Floats,

    /// <summary>Pairs of BF16 numbers, into floats.</summary>
    BFloat16Pairs,
}

/// <summary>
/// Loops that do one thing as fast as the processor can, and nothing with its results: what other kernels are measured against.
/// </summary>
internal static class LimitKernels
{
    /// <summary>Bytes that a round of the reading kernel reads.</summary>
    public const int RoundBytes = 512;

    private const int PrefetchBytes = 4096;
    private const int ResultOffset = 16;

    private static readonly Register Data = Register.RSI;
    private static readonly Register Count = Register.RCX;

    /// <summary>What multiplies weights of a type.</summary>
    public static LimitOperation OperationFor(TensorType type, KernelTarget target) => type switch
    {
        TensorType.F32 or TensorType.F16 => LimitOperation.Floats,
        TensorType.BF16 => target.HasBFloat16 ? LimitOperation.BFloat16Pairs : LimitOperation.Floats,
        _ => LimitOperation.Bytes,
    };

    /// <summary>An operation's instruction, for people to read.</summary>
    public static string NameOf(LimitOperation operation, KernelTarget target)
    {
        var instruction = operation switch
        {
            LimitOperation.Floats => target.IsArm64 ? "fmla" : "vfmadd231ps",
            LimitOperation.BFloat16Pairs => "vdpbf16ps",
            _ => target.IsArm64 ? "sdot" : target.HasDotProduct ? "vpdpbusd" : "vpmaddubsw",
        };
        return $"{instruction} ({8 * target.VectorBytes} bits)";
    }

    /// <summary>Products that a round of the multiplying kernel makes.</summary>
    public static int RoundProducts(LimitOperation operation, KernelTarget target) => SumCount(target) * target.VectorBytes / operation switch
    {
        LimitOperation.Floats => sizeof(float),
        LimitOperation.BFloat16Pairs => sizeof(ushort),
        _ => sizeof(byte),
    };

    /// <summary>Emits products: as many sums as there are registers, so that none is waited for.</summary>
    public static void EmitProducts(LimitOperation operation, KernelAssembler code)
    {
        var target = code.Target;
        code.Load(Count, new Memory(KernelAssembler.Arguments, 8));
        for (var i = 0; i < target.VectorCount; i++)
            code.Clear(new Vector(i));
        var (weights, activations) = (new Vector(SumCount(target)), new Vector(SumCount(target) + 1));
        var next = code.CreateLabel();
        code.Place(next);
        for (var i = 0; i < SumCount(target); i++)
        {
            if (operation == LimitOperation.Floats)
                code.MultiplyAdd(new Vector(i), weights, activations);
            else if (operation == LimitOperation.BFloat16Pairs)
                code.DotBFloat16(new Vector(i), weights, activations);
            else if (target.HasDotProduct)
                code.DotBytes(new Vector(i), weights, activations);
            else
                code.MultiplyAddBytes(new Vector(i), weights, activations);
        }
        code.CountDown(Count, next);
        // Results that nobody needs would not be computed by a compiler that notices.
        for (var i = 1; i < SumCount(target); i++)
            code.Or(new Vector(0), new Vector(0), new Vector(i));
        code.Store(new Memory(KernelAssembler.Arguments, ResultOffset), new Vector(0));
    }

    /// <summary>Emits reads of consecutive vectors, asking for what lies ahead across pages, where the processor itself stops.</summary>
    public static void EmitReads(KernelAssembler code)
    {
        var target = code.Target;
        code.Load(Data, new Memory(KernelAssembler.Arguments));
        code.Load(Count, new Memory(KernelAssembler.Arguments, 8));
        var next = code.CreateLabel();
        code.Place(next);
        for (var line = 0; line < RoundBytes; line += 64)
            code.Prefetch(new Memory(Data, PrefetchBytes + line));
        for (var i = 0; i < RoundBytes / target.VectorBytes; i++)
            code.Load(new Vector(i % target.VectorCount), new Memory(Data, i * target.VectorBytes));
        code.AddTo(Data, RoundBytes);
        code.CountDown(Count, next);
    }

    private static int SumCount(KernelTarget target) => target.VectorCount - 2;
}
