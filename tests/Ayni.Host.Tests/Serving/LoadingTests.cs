using Ayni.Llama;

namespace Ayni.Host.Tests;

/// <summary>A host listens at once and says honestly that it can't serve yet, or can't at all.</summary>
public sealed class LoadingTests
{
    [Fact]
    public async Task Until_the_model_is_loaded_there_is_503_with_a_time_to_come_back()
    {
        using var gate = new ManualResetEventSlim();
        await using var test = await TestHost.BeginAsync(beforeLoading: gate.Wait);
        using (var health = await test.Http.GetAsync("/healthz"))
        {
            Assert.Equal(503, (int)health.StatusCode);
            Assert.Equal("""{"status":"loading"}""", await health.Content.ReadAsStringAsync());
        }

        foreach (var path in (string[])["/v1/chat/completions", "/v1/completions"])
        {
            using var early = await test.PostAsync(path, "{}");
            Assert.Equal(503, (int)early.StatusCode);
            Assert.True(early.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
            Assert.Equal("model_loading", (await early.ErrorAsync()).Code);
        }

        Assert.False(test.Host.Ready.IsCompleted);
        gate.Set();
        await test.Host.Ready;
        using var served = await test.Http.GetAsync("/healthz");
        Assert.Equal(200, (int)served.StatusCode);
    }

    [Fact]
    public async Task A_file_that_is_no_model_fails_the_start_by_name_and_enters_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, TestHost.ModelName + ".gguf"), "This is no model.");
        await using (var test = await TestHost.BeginAsync(folder: folder))
        {
            await Assert.ThrowsAsync<ModelFormatException>(() => test.Host.Ready);
            using var health = await test.Http.GetAsync("/healthz");
            Assert.Equal(503, (int)health.StatusCode);
            Assert.Equal("""{"status":"failed"}""", await health.Content.ReadAsStringAsync());
            Assert.Empty(test.Books.ListParties());
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_host_can_be_stopped_while_it_loads()
    {
        using var gate = new ManualResetEventSlim();
        var test = await TestHost.BeginAsync(beforeLoading: gate.Wait);
        var stopped = test.DisposeAsync();
        gate.Set();
        await stopped;
        Assert.True(test.Host.Ready.IsCompleted);
    }

    [Fact]
    public async Task A_port_in_use_is_told_at_once()
    {
        await using var test = await TestHost.StartAsync();
        var port = test.Host.Address.Port;
        await Assert.ThrowsAsync<IOException>(() => TestHost.BeginAsync(configure: options => options with { Port = port }));
    }
}
