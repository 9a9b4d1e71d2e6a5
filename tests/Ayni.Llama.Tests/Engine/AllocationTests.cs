using System.Diagnostics;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>In a process of its own, where nothing runs but the engine: a test runner's threads allocate.</summary>
public sealed class AllocationTests
{
    [ConformanceTheory]
    [InlineData("stories260K", "F32")]
    [InlineData("llama4-tiny-chunk16", "F16")]
    public async Task Decoding_takes_no_managed_memory(string name, string cacheType)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Ayni.Llama.Tests.Decoder.dll"));
        start.ArgumentList.Add(Conformance.PathOf("models", name));
        start.ArgumentList.Add(cacheType);
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        using var end = deadline.Token.Register(process.Kill);
        var error = process.StandardError.ReadToEndAsync(deadline.Token);
        var bytes = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal("", await error);
        Assert.Equal(["0", "0", "0", "0", "0"], bytes.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }
}
