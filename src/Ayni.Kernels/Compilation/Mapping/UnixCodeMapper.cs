using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>
/// Linux and macOS: anonymous memory, written and then protected. Where Linux denies that to memory that was ever writable, a second view
/// of an unnamed file in memory is executable while the first is not, and the first is gone before the code is called.
/// </summary>
internal sealed unsafe partial class UnixCodeMapper : ICodeMapper
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int ProtectExecute = 4;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int CloseOnExecute = 1;

    private static int MapAnonymous => OperatingSystem.IsMacOS() ? 0x1000 : 0x20;

    public void* TryMap(ReadOnlySpan<byte> code, out string refusal)
    {
        refusal = "";
        try
        {
            var start = MapByProtecting(code, out refusal);
            return start is null && OperatingSystem.IsLinux() ? MapByFile(code, ref refusal) : start;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            refusal = error.Message;
            return null;
        }
    }

    public void Unmap(void* start, int length) => _ = Munmap(start, (nuint)length);

    private static void* MapByProtecting(ReadOnlySpan<byte> code, out string refusal)
    {
        refusal = "";
        var start = Mmap(null, (nuint)code.Length, ProtectRead | ProtectWrite, MapPrivate | MapAnonymous, -1, 0);
        if (IsFailure(start))
        {
            refusal = $"mmap: {LastError()}";
            return null;
        }
        code.CopyTo(new Span<byte>(start, code.Length));
        if (Mprotect(start, (nuint)code.Length, ProtectRead | ProtectExecute) == 0)
            return start;
        refusal = $"mprotect: {LastError()}";
        _ = Munmap(start, (nuint)code.Length);
        return null;
    }

    /// <summary>The way through a file in memory; on its own, so that a test can take it.</summary>
    internal static void* MapByFile(ReadOnlySpan<byte> code, ref string refusal)
    {
        var file = MemfdCreate("ayni kernels", CloseOnExecute);
        if (file < 0)
        {
            refusal += $"; memfd_create: {LastError()}";
            return null;
        }
        try
        {
            if (Ftruncate(file, code.Length) != 0)
            {
                refusal += $"; ftruncate: {LastError()}";
                return null;
            }
            var writable = Mmap(null, (nuint)code.Length, ProtectRead | ProtectWrite, MapShared, file, 0);
            if (IsFailure(writable))
            {
                refusal += $"; mmap of a memory file: {LastError()}";
                return null;
            }
            code.CopyTo(new Span<byte>(writable, code.Length));
            _ = Munmap(writable, (nuint)code.Length);
            var start = Mmap(null, (nuint)code.Length, ProtectRead | ProtectExecute, MapShared, file, 0);
            if (!IsFailure(start))
                return start;
            refusal += $"; executable mmap of a memory file: {LastError()}";
            return null;
        }
        finally
        {
            _ = Close(file);
        }
    }

    private static bool IsFailure(void* start) => start == (void*)-1;

    private static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Mprotect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Munmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Ftruncate(int file, nint length);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
