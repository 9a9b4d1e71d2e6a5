using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary>A host in a process of its own, on a free port and a fresh folder.</summary>
internal sealed class ServedHost : IDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ayni-load-");
    private readonly List<string> _complaints = [];

    public ServedHost(string model, int contextLength, int bodyLimitBytes)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
            [
                Path.Combine(AppContext.BaseDirectory, "ayni.dll"), "serve", "--model", model, "--data", _folder.FullName, "--port", "0",
                "--ready-json", "--json-logs", "--context", Text(contextLength), "--body-limit", Text(bodyLimitBytes >> 10),
            ])
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => NoteComplaint(line.Data);
        _process.BeginErrorReadLine();
        var ready = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"The host did not start. {string.Join('\n', Complaints)}");
        using var json = JsonDocument.Parse(ready);
        Target = new LoadTarget(
            new Uri(json.RootElement.GetProperty("url").GetString()!),
            json.RootElement.GetProperty("key").GetString()!,
            json.RootElement.GetProperty("model").GetString()!,
            contextLength,
            bodyLimitBytes);
    }

    public LoadTarget Target { get; }

    public string DatabasePath => Path.Combine(_folder.FullName, "ledger.db");

    /// <summary>What it logged as warning or worse.</summary>
    public string[] Complaints
    {
        get
        {
            lock (_complaints)
                return [.. _complaints];
        }
    }

    public long ResidentBytes
    {
        get
        {
            lock (_process)
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
        }
    }

    /// <summary>Ends it at once: every receipt is on disk before its answer ends.</summary>
    public void Stop()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Stop();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void NoteComplaint(string? line)
    {
        if (line is null || line.Contains("\"LogLevel\":\"Information\"", StringComparison.Ordinal))
            return;
        lock (_complaints)
        {
            if (_complaints.Count < 20)
                _complaints.Add(line);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
