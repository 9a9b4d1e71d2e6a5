using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

public sealed class BenchCommandTests
{
    [Fact]
    public async Task Every_figure_asked_for_is_measured_beside_the_machines_limits()
    {
        using var model = new TemporaryModel(new TinyModel());
        var run = await AyniCommand.RunAsync(
            "bench", "--model", model.Path, "--prefill", "16,40", "--decode", "4", "--depth", "0,30", "--batch", "1,3", "--runs", "2", "--json",
            "--cache-type", "F16");
        var report = run.Succeeded().Json;
        Assert.Equal("f16", report.GetProperty("cache_type").GetString());
        var figures = report.GetProperty("figures");
        Assert.Equal(
            ["prefill16", "prefill40", "decode1", "decode1@30", "batch3"], figures.EnumerateObject().Select(figure => figure.Name));
        foreach (var figure in figures.EnumerateObject())
        {
            Assert.True(figure.Value.GetProperty("tokens_per_second").GetDouble() > 0, figure.Name);
            Assert.True(figure.Value.GetProperty("limit_tokens_per_second").GetDouble() > 0, figure.Name);
            Assert.True(figure.Value.GetProperty("of_limit").GetDouble() >= 0, figure.Name);
        }
        Assert.True(report.GetProperty("read_bytes_per_second").GetDouble() > 0);
        Assert.True(report.GetProperty("multiply_accumulates_per_second").GetDouble() > 0);
        var packed = report.GetProperty("packed_bytes").GetInt64();
        Assert.True(packed > 0);
        Assert.InRange(report.GetProperty("peak_memory_bytes").GetInt64(), packed, 1L << 30);
        Assert.True(report.GetProperty("load_seconds").GetDouble() >= 0);
        Assert.True(report.GetProperty("first_token").GetProperty("seconds").GetDouble() > 0);
        // Nobody to compare with.
        Assert.Empty(report.GetProperty("ratios").EnumerateObject());
    }

    [Theory]
    [InlineData("--prefill", "12,x")]
    [InlineData("--batch", "0")]
    [InlineData("--decode", "0")]
    [InlineData("--runs", "0")]
    [InlineData("--peer", "other")]
    [InlineData("--cache-type", "1")]
    [InlineData("--synthetic", "llama-9:Q4_0")]
    public async Task What_can_not_be_measured_is_refused_by_its_option(string option, string value)
    {
        using var model = new TemporaryModel(new TinyModel());
        var run = await AyniCommand.RunAsync("bench", "--model", model.Path, option, value);
        run.Failed(option == "--synthetic" ? "llama-9" : option);
    }
}
