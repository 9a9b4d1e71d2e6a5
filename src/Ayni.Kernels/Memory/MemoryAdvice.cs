using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>
/// Tells Linux how memory will be used. Only advice: where the system declines, or is another, everything works the same but takes more
/// time or more memory.
/// </summary>
internal static unsafe partial class MemoryAdvice
{
    /// <summary>The size of a huge page on x86-64 and on ARM64 with 4 KiB pages.</summary>
    public const int HugePageBytes = 2 << 20;

    private const int MadvDontNeed = 4;
    private const int MadvHugePage = 14;

    /// <summary>
    /// Asks to back a range that starts at a huge page by such pages, so that touching it the first time takes 512 times fewer page faults.
    /// </summary>
    public static void UseHugePages(void* start, long bytes) => Advise(start, bytes / HugePageBytes * HugePageBytes, MadvHugePage);

    /// <summary>
    /// Lets go of the pages of a mapped file that have any part of a range: they no longer count as this process's memory, and come from
    /// the file again if they are read again.
    /// </summary>
    public static void DropFilePages(void* start, long bytes)
    {
        var page = (nuint)Environment.SystemPageSize;
        var first = (nuint)start / page * page;
        Advise((void*)first, (long)((nuint)start - first) + bytes, MadvDontNeed);
    }

    private static void Advise(void* start, long bytes, int advice)
    {
        if (!OperatingSystem.IsLinux() || bytes == 0)
            return;
        try
        {
            _ = Madvise(start, (nuint)bytes, advice);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system whose C library goes by another name.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* start, nuint length, int advice);
}
