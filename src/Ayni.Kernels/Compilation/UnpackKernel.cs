using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What an unpacking kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UnpackArguments
{
    /// <summary>The first block of a panel.</summary>
    public byte* Panel;

    /// <summary>Receives the unpacked blocks.</summary>
    public byte* Unpacked;

    /// <summary>Blocks of the format, at least one.</summary>
    public long BlockCount;
}

/// <summary>
/// Unpacks consecutive blocks of a panel into the first-level cache, where product kernels read them once for every tile of tokens.
/// </summary>
internal static class UnpackKernel
{
    public static byte[] Emit(PanelLayout layout, KernelTarget target, bool forWindows)
    {
        var code = new KernelAssembler(target, forWindows);
        var (panel, unpacked, count) = (Register.RSI, Register.RDI, Register.RCX);
        code.Load(panel, new Memory(KernelAssembler.Arguments));
        code.Load(unpacked, new Memory(KernelAssembler.Arguments, 8));
        code.Load(count, new Memory(KernelAssembler.Arguments, 16));
        var next = code.CreateLabel();
        code.Place(next);
        var unpacker = new PanelUnpacker(code, layout.Shape, panel, unpacked);
        for (unpacker.Group = 0; unpacker.Group < target.VectorsPerPanel; unpacker.Group++)
            layout.Unpack(unpacker);
        code.AddTo(panel, layout.BlockBytes * Lanes.Count);
        code.AddTo(unpacked, layout.BlockColumns / BlockShape.Columns * layout.Shape.UnpackedBytes(target));
        code.CountDown(count, next);
        return code.Finish();
    }
}
