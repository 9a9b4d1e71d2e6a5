using System.Diagnostics;

namespace Ayni.Ledger.Tests;

/// <summary>A PostgreSQL server of its own, which can be crashed; it goes when it is disposed.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly string _script;
    private readonly string _folder;

    private PostgresServer(string script, string folder)
    {
        (_script, _folder) = (script, folder);
        Address = Run("start").Trim();
    }

    /// <summary>Its connection string.</summary>
    public string Address { get; }

    /// <summary>The repository's script for servers; null where there is none above the program.</summary>
    public static string? FindScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, ".ci", "postgres");
            if (File.Exists(script))
                return script;
        }
        return null;
    }

    /// <summary>Starts one. Throws <see cref="InvalidOperationException"/> where that can't be.</summary>
    public static PostgresServer Start()
    {
        var script = FindScript() ?? throw new InvalidOperationException("Servers are started by .ci/postgres of the repository, which is not here.");
        return new(script, Path.Combine(Path.GetTempPath(), $"ayni-postgres-{Guid.NewGuid():N}"));
    }

    /// <summary>Ends it at once, as if it had crashed, and starts it again.</summary>
    public Task CrashAsync() => Task.Run(() => Run("crash"));

    public void Dispose() => Run("stop");

    private string Run(string action)
    {
        var start = new ProcessStartInfo("bash", [_script, action, _folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{_script} {action} failed: {error.GetAwaiter().GetResult()}");
    }
}
