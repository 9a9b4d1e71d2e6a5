using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>Asks Linux to back large memory by 2 MiB pages, so that touching it the first time takes 512 times fewer page faults.</summary>
internal static unsafe partial class HugePages
{
    /// <summary>The size of a huge page on x86-64 and on ARM64 with 4 KiB pages.</summary>
    public const int PageBytes = 2 << 20;

    private const int MadvHugepage = 14;

    /// <summary>
    /// Advises the whole huge pages of a range that starts at one. Only advice: where the system declines, memory is the same but slower.
    /// </summary>
    public static void Advise(void* start, long bytes)
    {
        try
        {
            _ = Madvise(start, (nuint)(bytes / PageBytes * PageBytes), MadvHugepage);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system whose C library goes by another name: ordinary pages then.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* start, nuint length, int advice);
}
