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
}
