using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>The log says what happened and never what was said.</summary>
public sealed class HostLogTests
{
    [Fact]
    public async Task No_text_of_a_customer_and_no_key_is_logged()
    {
        const string Secret = "xyzzysecret";
        await using var test = await TestHost.StartAsync();
        var good = $$"""{"model":"tiny","prompt":"{{Secret}}","max_tokens":9,"user":"{{Secret}}","stop":"{{Secret}}"}""";
        var answer = await (await test.PostAsync("/v1/completions", good)).JsonAsync();
        string[] bodies =
        [
            $$"""{"model":"{{Secret}}","prompt":"{{Secret}}"}""",
            $$"""{"{{Secret}}":""",
            $$"""{"model":"tiny","prompt":["{{Secret}}",7]}""",
            $$"""{"model":"tiny","prompt":"{{Secret}}\u0000"}""",
        ];
        foreach (var body in bodies)
            (await test.PostAsync("/v1/completions", body)).Dispose();
        (await test.Http.GetAsync($"/{Secret}?q={Secret}")).Dispose();
        (await test.Http.SendAsync(new HttpRequestMessage(new HttpMethod(Secret.ToUpperInvariant()), "/v1/models"))).Dispose();

        await test.Host.StopAsync();
        var lines = test.Log.Lines;
        Assert.Contains(lines, line => line.StartsWith("Information 21 ", StringComparison.Ordinal));
        Assert.True(lines.Count(line => line.StartsWith("Information 20 ", StringComparison.Ordinal)) >= 7);
        var generated = answer.Text().Trim();
        Assert.All(lines, line =>
        {
            Assert.DoesNotContain(Secret, line, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(generated, line, StringComparison.Ordinal);
            Assert.DoesNotContain(test.Key, line, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_goes_to_standard_error_and_never_to_standard_output(bool json)
    {
        var folder = Directory.CreateTempSubdirectory("ayni-host-").FullName;
        var path = Path.Combine(folder, "tiny.gguf");
        new TinyModel().Save(path);
        var (normalOutput, normalError) = (Console.Out, Console.Error);
        using StringWriter output = new(), error = new();
        Console.SetOut(output);
        Console.SetError(TextWriter.Synchronized(error));
        try
        {
            var options = new HostOptions { ModelPath = path, DataDirectory = Path.Combine(folder, "data"), Port = 0, JsonLogs = json };
            await using var host = await AyniHost.StartAsync(options, TimeProvider.System);
            Assert.Equal("tiny", (await host.Ready).Model);
        }
        finally
        {
            Console.SetOut(normalOutput);
            Console.SetError(normalError);
        }

        Assert.Equal("", output.ToString());
        var lines = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.Contains("Serving tiny", StringComparison.Ordinal) && json == line.StartsWith('{'));
        Assert.Contains(lines, line => line.Contains("Stopped", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }
}
