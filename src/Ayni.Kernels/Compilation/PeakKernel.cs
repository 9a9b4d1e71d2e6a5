using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>Dot products of bytes and nothing else, in as many chains as hide how long each takes: the most that a target multiplies.</summary>
internal static class PeakKernel
{
    private const int Chains = 12;

    /// <summary>Multiply-accumulates of a round on a target.</summary>
    public static int ProductsPerRound(KernelTarget target) => Chains * target.VectorBytes;

    /// <summary>Emits the kernel, which is called with a pointer to the number of rounds.</summary>
    public static byte[] Emit(KernelTarget target, bool forWindows)
    {
        var code = new KernelAssembler(target, forWindows);
        var (weights, activations) = (new Vector(Chains), new Vector(Chains + 1));
        code.Load(Register.RCX, new Memory(KernelAssembler.Arguments));
        for (var i = 0; i < Chains + 2; i++)
            code.Clear(new Vector(i));
        var next = code.CreateLabel();
        code.Place(next);
        for (var i = 0; i < Chains; i++)
            code.DotBytes(new Vector(i), weights, activations);
        code.CountDown(Register.RCX, next);
        return code.Finish();
    }
}
