namespace Ayni.Tests;

/// <summary>A file to which nothing can be written, as on a disk that is full.</summary>
internal static class FullDevice
{
    public const string Path = "/dev/full";
}

/// <summary>A test that writes to such a file; reported as skipped where the system has none.</summary>
internal sealed class FullDeviceFactAttribute : FactAttribute
{
    public FullDeviceFactAttribute()
    {
        if (!File.Exists(FullDevice.Path))
            Skip = $"There is no {FullDevice.Path}";
    }
}
