using System.Diagnostics;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The script at the root runs the command from wherever it is called.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task It_runs_from_another_folder_and_through_a_link()
    {
        if (OperatingSystem.IsWindows())
            return; // ayni.cmd has no links to follow.
        using var folder = new TemporaryFolder();
        var elsewhere = Directory.CreateDirectory(folder.PathOf("a folder")).FullName;
        var link = Path.Combine(elsewhere, "ayni");
        File.CreateSymbolicLink(link, Path.Combine(Conformance.RepositoryRoot, "ayni"));
        using var process = Process.Start(new ProcessStartInfo(link, "--help")
        {
            WorkingDirectory = elsewhere,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        Assert.Contains("serve", await process.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
    }
}
