using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>Windows: committed memory, written and then protected.</summary>
internal sealed unsafe partial class WindowsCodeMapper : ICodeMapper
{
    private const uint CommitAndReserve = 0x3000;
    private const uint Release = 0x8000;
    private const uint PageReadWrite = 0x04;
    private const uint PageExecuteRead = 0x20;

    public void* TryMap(ReadOnlySpan<byte> code, out string refusal)
    {
        refusal = "";
        var start = VirtualAlloc(null, (nuint)code.Length, CommitAndReserve, PageReadWrite);
        if (start is null)
        {
            refusal = $"VirtualAlloc: {LastError()}";
            return null;
        }
        code.CopyTo(new Span<byte>(start, code.Length));
        if (VirtualProtect(start, (nuint)code.Length, PageExecuteRead, out _) == 0)
        {
            refusal = $"VirtualProtect: {LastError()}";
            Unmap(start, code.Length);
            return null;
        }
        _ = FlushInstructionCache(GetCurrentProcess(), start, (nuint)code.Length);
        return start;
    }

    public void Unmap(void* start, int length) => _ = VirtualFree(start, 0, Release);

    private static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint length, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualProtect(void* address, nuint length, uint protection, out uint previous);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int VirtualFree(void* address, nuint length, uint type);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial int FlushInstructionCache(nint process, void* address, nuint length);

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentProcess();
}
