using System.ClientModel;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ayni.Kernels;
using Ayni.Ledger;
using Ayni.Llama;
using Ayni.Tests;
using Microsoft.Extensions.Logging;
using OpenAI;

namespace Ayni.Host.Tests;

/// <summary>A real host on a free port, with a real ledger in a folder of its own and a tiny model.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string ModelName = "tiny";

    private readonly bool _ownsFolder;

    private TestHost(AyniHost host, string folder, bool ownsFolder, RecordedLog log)
    {
        Host = host;
        Folder = folder;
        _ownsFolder = ownsFolder;
        Log = log;
        Http = new HttpClient { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public AyniHost Host { get; }

    public Books Books => Host.Books;

    public string Folder { get; }

    public RecordedLog Log { get; }

    /// <summary>Sends the first key, once the host is ready and there is one.</summary>
    public HttpClient Http { get; }

    /// <summary>The text of the key that <see cref="Http"/> sends.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Starts a host and waits until it serves.</summary>
    public static async Task<TestHost> StartAsync(
        TinyModel? model = null, Func<HostOptions, HostOptions>? configure = null, string? folder = null, TimeProvider? clock = null)
    {
        var test = await BeginAsync(model, configure, folder: folder, clock: clock);
        var ready = await test.Host.Ready.WaitAsync(TimeSpan.FromSeconds(60));
        if (ready.FirstKey is { } key)
            test.UseKey(key.Text);
        return test;
    }

    /// <summary>Starts a host and returns while it loads.</summary>
    public static async Task<TestHost> BeginAsync(
        TinyModel? model = null,
        Func<HostOptions, HostOptions>? configure = null,
        Action? beforeLoading = null,
        string? folder = null,
        TimeProvider? clock = null)
    {
        var ownsFolder = folder is null;
        folder ??= Directory.CreateTempSubdirectory("ayni-host-").FullName;
        var path = Path.Combine(folder, ModelName + ".gguf");
        if (!File.Exists(path))
            (model ?? new TinyModel()).Save(path);
        var options = new HostOptions { ModelPath = path, DataDirectory = Path.Combine(folder, "data"), Port = 0, Threads = 1 };
        if (model == TinyModel.Slow)
            options = options with { Tier = KernelTier.Scalar };
        var log = new RecordedLog();
        var host = await AyniHost.StartAsync(
            configure?.Invoke(options) ?? options,
            clock ?? TimeProvider.System,
            (o, cancellation) =>
            {
                beforeLoading?.Invoke();
                return LlamaModel.Load(o.ModelPath, o.Tier, o.Threads, o.PackCache, o.AdapterPath, null, cancellation);
            },
            logging => logging.AddProvider(log),
            CancellationToken.None);
        return new(host, folder, ownsFolder, log);
    }

    /// <summary>Sends this key from now on.</summary>
    public void UseKey(string key)
    {
        Key = key;
        Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>The official client, without the retries that would hide a refusal.</summary>
    public OpenAIClient OpenAI(string? key = null) => new(new ApiKeyCredential(key ?? Key), new OpenAIClientOptions
    {
        Endpoint = new Uri(Host.Address, "v1"),
        RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
    });

    /// <summary>Posts a body as JSON.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, string body) => PostAsync(path, Encoding.UTF8.GetBytes(body));

    /// <summary>Posts bytes as JSON.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return Http.PostAsync(path, content);
    }

    /// <summary>Posts a body as JSON and returns as soon as the answer's headers are there.</summary>
    public Task<HttpResponseMessage> OpenStreamAsync(string path, string body, CancellationToken cancellationToken = default) =>
        Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") },
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        if (_ownsFolder)
            Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Reads answers.</summary>
internal static class Answers
{
    /// <summary>The answer's JSON.</summary>
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

    /// <summary>The data of every server-sent event, <c>[DONE]</c> included.</summary>
    public static async IAsyncEnumerable<string> EventsAsync(
        this HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
                continue;
            Assert.StartsWith("data: ", line, StringComparison.Ordinal);
            yield return line["data: ".Length..];
        }
    }

    /// <summary>An error's parts, asserting that it has OpenAI's shape.</summary>
    public static async Task<(string Message, string Type, string? Param, string? Code)> ErrorAsync(this HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = (await response.JsonAsync()).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        var message = error.GetProperty("message").GetString()!;
        Assert.NotEmpty(message);
        Assert.DoesNotContain("   at ", message, StringComparison.Ordinal);
        return (message, TextOf("type")!, TextOf("param"), TextOf("code"));

        string? TextOf(string field) => error.GetProperty(field).GetString();
    }

    /// <summary>The text of a text completion or of a chunk of one.</summary>
    public static string Text(this JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    /// <summary>Why an answer ended; null in a chunk before the end.</summary>
    public static string? FinishReason(this JsonElement answer) =>
        answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString();
}

/// <summary>Keeps every line that is logged.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    /// <summary>Every line so far, exceptions and all.</summary>
    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception}");
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
    }
}

/// <summary>One host for all tests of a class that only ask it things.</summary>
public sealed class HostFixture : IAsyncLifetime
{
    internal TestHost Test { get; private set; } = null!;

    public async Task InitializeAsync() => Test = await TestHost.StartAsync();

    public async Task DisposeAsync() => await Test.DisposeAsync();
}
