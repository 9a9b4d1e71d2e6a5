using System.Collections.Concurrent;
using Ayni.Tests;
using Microsoft.AspNetCore.Http;

namespace Ayni.Llama.Tests;

/// <summary>Pulls from a server that behaves as the hub does, with everything that may go wrong on the way.</summary>
public sealed class HubPullerTests : IAsyncLifetime, IDisposable
{
    private const int Piece = 1 << 16;
    private const string Model = "tiny-Q4_0.gguf";

    private readonly TemporaryFolder _folder = new();
    private readonly WaitList _waits = new();
    private FakeHub _hub = null!;
    private HubOptions _options = null!;

    private ModelStore Store => new(_folder.Name);

    public async Task InitializeAsync()
    {
        _hub = await FakeHub.StartAsync();
        _options = new HubOptions
        {
            Hub = _hub.Address,
            PieceBytes = Piece,
            PiecesPerRequest = 4,
            FirstDelay = TimeSpan.FromMilliseconds(5),
            SilenceLimit = TimeSpan.FromSeconds(20),
        };
    }

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_comes_in_ranges_and_is_found_by_its_name()
    {
        var content = _hub.Add(Model, 20 * Piece + 123);
        var last = default(PullProgress);
        var stored = await PullAsync("Q4_0", new Reports(report => last = report));
        Assert.Equal(content, await File.ReadAllBytesAsync(stored.Path));
        Assert.Equal($"{FakeHub.Repository}:Q4_0", stored.Reference.ToString());
        Assert.Equal("llama3.2", stored.License);
        Assert.InRange(_hub.Requests.Count, 5, 12);
        Assert.Equal((content.Length, content.Length, true), (last.BytesDone, last.BytesTotal, last.IsChecking));
        Assert.Equal([stored.Path], Store.Find(Reference("q4_0")).Select(model => model.Path));
        Assert.DoesNotContain(FilesHere(), file => file.EndsWith(".partial", StringComparison.Ordinal) || file.EndsWith(".pieces", StringComparison.Ordinal));
        // What is here is not downloaded again, even where its record is lost.
        var requests = _hub.Requests.Count;
        await PullAsync("Q4_0");
        File.Delete(FilesHere().Single(file => file.EndsWith("ayni-pulled.json", StringComparison.Ordinal)));
        await PullAsync("Q4_0");
        Assert.Equal(requests, _hub.Requests.Count);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_to_its_storage()
    {
        _hub.Token = "hf_secret";
        _hub.Add(Model, Piece);
        _hub.Add("config.json", "{}");
        _options = _options with { Token = "hf_secret" };
        await PullAsync("Q4_0");
        await PullAsync("config.json");
        Assert.Null(_hub.Requests.Single(request => request.Path == Model).Authorization);
        Assert.Equal("Bearer hf_secret", _hub.Requests.Single(request => request.Path == "config.json").Authorization);
        Assert.DoesNotContain("hf_secret", _options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "GatedRepo", HubFailure.Gated, "accept them at http://127.0.0.1")]
    [InlineData("hf_other", "GatedRepo", HubFailure.Gated, "the token's owner has not")]
    [InlineData(null, "RepoNotFound", HubFailure.NotFound, "There is no ada/Tiny-GGUF")]
    [InlineData(null, "", HubFailure.Refused, "give your token in HF_TOKEN")]
    [InlineData("hf_other", "", HubFailure.Refused, "refuses ada/Tiny-GGUF to this token")]
    public async Task A_refusal_says_what_to_do(string? token, string code, HubFailure failure, string words)
    {
        _hub.Token = "hf_secret";
        _hub.RefusalCode = code;
        _options = _options with { Token = token };
        var error = await FailAsync(failure, words);
        Assert.DoesNotContain("hf_", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_is_not_sent_without_encryption()
    {
        var options = new HubOptions { Hub = new Uri("http://hub.example"), Token = "hf_secret" };
        var error = Assert.Throws<HubException>(() => new HubClient(options, TimeProvider.System));
        Assert.Contains("not encrypted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_connections_are_taken_up_where_they_broke()
    {
        var content = _hub.Add(Model, 16 * Piece);
        _hub.CutsAfter = request => request.Number % 3 == 0 ? null : 3 * Piece / 2;
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        // Of each broken answer, what had come is kept; a little may be lost with the connection.
        Assert.InRange(_hub.BytesSent, content.Length, content.Length + content.Length / 2);
    }

    [Fact]
    public async Task What_came_before_a_failure_is_kept_for_the_next_pull()
    {
        var content = _hub.Add(Model, 16 * Piece);
        _options = _options with { Attempts = 2, Connections = 1 };
        _hub.OnContent = (request, context) => Fails(context, request.From >= 8 * Piece ? 503 : 0);
        await FailAsync(HubFailure.Unavailable, "503 ServiceUnavailable");
        Assert.Empty(Store.List());
        var before = _hub.BytesSent;
        _hub.OnContent = (_, _) => false;
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        Assert.Equal(content.Length, _hub.BytesSent);
        Assert.Equal(8 * Piece, before);
    }

    [Fact]
    public async Task A_changed_file_is_downloaded_anew()
    {
        _hub.Add(Model, 16 * Piece, seed: 1);
        _options = _options with { Attempts = 1, Connections = 1 };
        _hub.OnContent = (request, context) => Fails(context, request.From >= 8 * Piece ? 500 : 0);
        await FailAsync(HubFailure.Unavailable, "500");
        _hub.OnContent = (_, _) => false;
        _hub.Commit = new string('d', 40);
        var content = _hub.Add(Model, 16 * Piece, seed: 2);
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        // And once more when it is complete.
        content = _hub.Add(Model, 12 * Piece, seed: 3);
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        Assert.Equal(12 * Piece, Assert.Single(Store.List()).Bytes);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(408)]
    public async Task A_busy_hub_is_asked_again_when_it_says(int status)
    {
        var content = _hub.Add(Model, 2 * Piece);
        _hub.OnApi = (number, context) => Fails(context, number is 1 or 3 ? status : 0, retryAfter: "0");
        _hub.OnContent = (request, context) => Fails(context, request.Number == 1 ? status : 0);
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
    }

    [Fact]
    public async Task Attempts_and_waits_are_bounded()
    {
        var asked = 0;
        _hub.OnApi = (number, context) => Fails(context, (asked = number) > 0 ? 500 : 0);
        await FailAsync(HubFailure.Unavailable, "500 InternalServerError");
        Assert.Equal(_options.Attempts, asked);
        _hub.OnApi = (number, context) => Fails(context, (asked = number) > 0 ? 429 : 0, retryAfter: "86400");
        await FailAsync(HubFailure.Unavailable, "asks to wait 86400 s");
        Assert.Equal(_options.Attempts + 1, asked);
    }

    [Fact]
    public async Task A_silent_server_is_left_and_asked_again()
    {
        var content = _hub.Add(Model, 4 * Piece);
        _options = _options with { SilenceLimit = TimeSpan.FromSeconds(1), Connections = 1 };
        _hub.Pace = (request, _, gone) => request.Number == 1 ? Task.Delay(Timeout.Infinite, gone) : Task.CompletedTask;
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        Assert.Equal(2, _hub.Requests.Count);
    }

    [Fact]
    public async Task A_hub_that_is_not_there_is_named()
    {
        _options = _options with { Attempts = 3 };
        await _hub.DisposeAsync();
        await FailAsync(HubFailure.Unavailable, "the connection failed");
        Assert.Equal(
            [(2, 3, _options.FirstDelay), (3, 3, 2 * _options.FirstDelay)], _waits.Select(wait => (wait.Attempt, wait.Attempts, wait.Delay)));
        Assert.All(_waits, wait => Assert.StartsWith("127.0.0.1: the connection failed (", wait.Problem, StringComparison.Ordinal));
        _hub = await FakeHub.StartAsync();
    }

    [Fact]
    public async Task Without_ranges_the_whole_file_is_taken()
    {
        var content = _hub.Add(Model, 10 * Piece);
        _hub.GivesRanges = false;
        _hub.CutsAfter = request => request.Number < 7 ? 3 * Piece : null;
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
    }

    [Fact]
    public async Task Other_bytes_than_those_asked_for_are_refused()
    {
        _hub.Add(Model, 10 * Piece);
        _hub.OnContent = (_, context) =>
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 7-8/9";
            return true;
        };
        await FailAsync(HubFailure.Invalid, "other bytes");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_not_what_the_hub_says_is_not_kept(bool isLarge)
    {
        var file = new FakeFile(new byte[3 * Piece], isLarge);
        _hub.Files[Model] = file with { Digest = new string('0', file.Digest.Length) };
        await FailAsync(HubFailure.Corrupt, "is damaged");
        Assert.DoesNotContain(FilesHere(), path => path.Contains(Model, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../../escape.gguf")]
    [InlineData("/etc/escape.gguf")]
    [InlineData("folder/../../escape.gguf")]
    [InlineData("folder//escape.gguf")]
    [InlineData("..\\escape.gguf")]
    [InlineData("C:escape.gguf")]
    [InlineData("nul.gguf")]
    [InlineData("line\nbreak.gguf")]
    [InlineData("escape.gguf.")]
    public async Task A_path_that_leaves_its_folder_is_refused(string path)
    {
        _hub.Add(Model, 10);
        _hub.Add(path, 10);
        await FailAsync(HubFailure.Invalid, "something impossible");
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task Redirects_end()
    {
        _hub.Add(Model, 10);
        _hub.OnContent = (_, context) =>
        {
            context.Response.Redirect(context.Request.Path + context.Request.QueryString);
            return true;
        };
        await FailAsync(HubFailure.Invalid, "more than 5 redirects");
        _hub.OnContent = (_, context) =>
        {
            context.Response.Redirect("file:///etc/passwd");
            return true;
        };
        await FailAsync(HubFailure.Invalid, "not the web");
    }

    [Fact]
    public async Task A_disk_without_room_is_named_before_anything_comes()
    {
        // A list that lies about lengths costs nothing either.
        _hub.OnApi = (_, context) => context.Request.Path.Value!.Contains("/tree/", StringComparison.Ordinal) && Write(
            context, $$$"""[{"type":"file","path":"{{{Model}}}","size":1,"lfs":{"size":4611686018427387904,"oid":"{{{new string('e', 64)}}}"}}]""");
        using var client = new HubClient(_options, TimeProvider.System);
        var error = await Assert.ThrowsAsync<DiskSpaceException>(() => new HubPuller(client, Store, TimeProvider.System).PullAsync(Reference("Q4_0")));
        Assert.Equal(1L << 62, error.Needed);
        Assert.Empty(_hub.Requests);
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("{\"type\":\"file\"}", "not a list")]
    [InlineData("[{\"type\":\"file\",\"size\":1}]", "without a path")]
    [InlineData("[{\"type\":\"file\",\"path\":\"a\",\"size\":-1}]", "how long")]
    [InlineData("[{\"type\":\"file\",\"path\":\"a\",\"size\":1,\"oid\":\"x\"}]", "digest")]
    [InlineData("[{\"type\":\"file\",\"path\":\"a\",\"size\":1e300,\"oid\":\"x\"}]", "how long")]
    public async Task A_list_that_makes_no_sense_is_refused(string list, string words)
    {
        _hub.OnApi = (_, context) => context.Request.Path.Value!.Contains("/tree/", StringComparison.Ordinal) && Write(context, list);
        await FailAsync(HubFailure.Invalid, words);
    }

    [Fact]
    public async Task Two_pulls_at_once_do_not_disturb_each_other()
    {
        var content = _hub.Add(Model, 16 * Piece);
        var held = new TaskCompletionSource();
        var first = new TaskCompletionSource();
        _hub.Pace = (_, _, _) =>
        {
            first.TrySetResult();
            return held.Task;
        };
        var pull = PullAsync("Q4_0");
        await first.Task;
        await FailAsync(HubFailure.Busy, "Another process is at work on ada/Tiny-GGUF");
        held.SetResult();
        Assert.Equal(content, await File.ReadAllBytesAsync((await pull).Path));
    }

    [Fact]
    public async Task A_cancelled_pull_ends_and_the_next_goes_on()
    {
        var content = _hub.Add(Model, 16 * Piece);
        _options = _options with { Connections = 1 };
        using var cancelled = new CancellationTokenSource();
        _hub.Pace = async (_, position, gone) =>
        {
            if (position >= 9 * Piece && !cancelled.IsCancellationRequested)
            {
                await cancelled.CancelAsync();
                await Task.Delay(Timeout.Infinite, gone);
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PullAsync("Q4_0", null, cancelled.Token));
        Assert.Equal(content, await File.ReadAllBytesAsync((await PullAsync("Q4_0")).Path));
        Assert.InRange(_hub.BytesSent, content.Length, content.Length + 4 * Piece);
    }

    private static bool Fails(HttpContext context, int status, string? retryAfter = null)
    {
        if (status == 0)
            return false;
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return true;
    }

    private static bool Write(HttpContext context, string text)
    {
        context.Response.BodyWriter.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask().GetAwaiter().GetResult();
        return true;
    }

    private static HubReference Reference(string? selector) => new("ada", "Tiny-GGUF", selector);

    private string[] FilesHere() => Directory.GetFiles(_folder.Name, "*", SearchOption.AllDirectories);

    private async Task<StoredModel> PullAsync(
        string? selector, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using var client = new HubClient(_options, TimeProvider.System, _waits);
        return await new HubPuller(client, Store, TimeProvider.System).PullAsync(Reference(selector), progress, cancellationToken);
    }

    private async Task<HubException> FailAsync(HubFailure failure, string words)
    {
        var error = await Assert.ThrowsAsync<HubException>(() => PullAsync("Q4_0"));
        Assert.Equal(failure, error.Failure);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("signature", error.Message, StringComparison.Ordinal);
        return error;
    }

    private sealed class WaitList : ConcurrentQueue<HubWait>, IProgress<HubWait>
    {
        public void Report(HubWait value) => Enqueue(value);
    }

    /// <summary>Reports at once, unlike <see cref="Progress{T}"/>.</summary>
    private sealed class Reports(Action<PullProgress> report) : IProgress<PullProgress>
    {
        public void Report(PullProgress value)
        {
            lock (this)
                report(value);
        }
    }
}
