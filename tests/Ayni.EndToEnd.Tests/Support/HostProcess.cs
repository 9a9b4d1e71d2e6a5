using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Ayni.EndToEnd.Tests;

/// <summary>A host in a process of its own, on a free port of the loopback address.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly Task _logging;

    private HostProcess(Process process)
    {
        _process = process;
        _logging = Task.Run(async () =>
        {
            while (await process.StandardError.ReadLineAsync() is { } line)
            {
                lock (_log)
                    _log.AppendLine(line);
            }
        });
    }

    /// <summary>The address, as the first line says it.</summary>
    public string Url { get; private set; } = "";

    /// <summary>The key, if this start issued one.</summary>
    public string? Key { get; private set; }

    /// <summary>The model's name.</summary>
    public string Model { get; private set; } = "";

    /// <summary>What it wrote on standard error.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts a host and waits until it serves.</summary>
    public static async Task<HostProcess> StartAsync(string model, string data, params string[] options)
    {
        var host = new HostProcess(
            AyniCommand.Start(["serve", "--model", model, "--data", data, "--port", "0", "--ready-json", .. options]));
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            var line = await host._process.StandardOutput.ReadLineAsync(limit.Token);
            Assert.True(line is not null, $"the host ended before it served\n{host.Log}");
            var ready = JsonSerializer.Deserialize<JsonElement>(line!);
            host.Url = ready.GetProperty("url").GetString()!;
            host.Key = ready.GetProperty("key").GetString();
            host.Model = ready.GetProperty("model").GetString()!;
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with a key.</summary>
    public HttpClient Client(string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(Url), Timeout = Patience };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>A chat request of one question.</summary>
    public JsonContent Question(int maxTokens, bool stream = false) => JsonContent.Create(new
    {
        model = Model,
        messages = new[] { new { role = "user", content = "hello" } },
        max_tokens = maxTokens,
        stream,
    });

    /// <summary>Ends it at once, as SIGKILL does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends it a signal by name, such as <c>TERM</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {_process.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end and returns its exit code.</summary>
    public async Task<int> WaitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        await _logging;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        await _logging;
        _process.Dispose();
    }
}
