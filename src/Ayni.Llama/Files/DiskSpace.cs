namespace Ayni.Llama;

/// <summary>There is no room on a disk for what is to be written. The message says how much is needed and how much is there.</summary>
public sealed class DiskSpaceException : IOException
{
    /// <summary>Describes what does not fit.</summary>
    /// <param name="path">The file or folder to be written.</param>
    /// <param name="needed">Bytes it takes.</param>
    /// <param name="available">Bytes its disk has left.</param>
    public DiskSpaceException(string path, long needed, long available)
        : base($"{path}: {needed:N0} bytes are needed and the disk has {available:N0} left; free some space or choose another place.")
    {
        Needed = needed;
        Available = available;
    }

    /// <summary>Bytes needed.</summary>
    public long Needed { get; }

    /// <summary>Bytes available.</summary>
    public long Available { get; }
}

/// <summary>Asks disks for their space.</summary>
internal static class DiskSpace
{
    /// <summary>
    /// Throws <see cref="DiskSpaceException"/> unless the disk that a path lies on has room for as many bytes. A place whose disk can't be
    /// asked, such as a network share, passes: writing it will tell.
    /// </summary>
    public static void Require(string path, long bytes)
    {
        long available;
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            available = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return;
        }
        if (bytes > available)
            throw new DiskSpaceException(path, bytes, available);
    }
}
