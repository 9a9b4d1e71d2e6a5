using System.Runtime.InteropServices;

namespace Ayni.Tests;

/// <summary>Finds the reference data in <c>../shared/conformance</c> beside the repository. It is absent at a user's.</summary>
internal static class Conformance
{
    /// <summary>The repository's root folder, the nearest one above the test assembly that holds <c>Ayni.slnx</c>.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>The folder of the reference data, or null where it is absent.</summary>
    public static string? Folder { get; } = FindFolder();

    /// <summary>The path of one file of the reference data, given its parts.</summary>
    public static string PathOf(params string[] parts) =>
        Path.Combine([Folder ?? throw new InvalidOperationException("There is no reference data here."), .. parts]);

    /// <summary>Reads raw little-endian float32 values.</summary>
    public static float[] ReadFloats(params string[] parts) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(PathOf(parts))).ToArray();

    private static string FindRepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ayni.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    private static string? FindFolder()
    {
        var folder = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "conformance"));
        return Directory.Exists(folder) ? folder : null;
    }
}

/// <summary>A test that reads the reference data; reported as skipped where there is none.</summary>
internal sealed class ConformanceFactAttribute : FactAttribute
{
    public ConformanceFactAttribute()
    {
        if (Conformance.Folder is null)
            Skip = "../shared/conformance is not here";
    }
}

/// <summary>A theory that reads the reference data; reported as skipped where there is none.</summary>
internal sealed class ConformanceTheoryAttribute : TheoryAttribute
{
    public ConformanceTheoryAttribute()
    {
        if (Conformance.Folder is null)
            Skip = "../shared/conformance is not here";
    }
}
