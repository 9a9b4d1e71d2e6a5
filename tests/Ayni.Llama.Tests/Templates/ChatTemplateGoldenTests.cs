using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>
/// Templates and what Jinja2 3.1 makes of them with the settings of Hugging Face's transformers (immutable sandbox, trim_blocks,
/// lstrip_blocks, loop controls, its own tojson); or that it refuses them.
/// </summary>
public class ChatTemplateGoldenTests
{
    [Fact]
    public void Templates_write_what_Jinja_writes()
    {
        var lines = File.ReadAllLines(
            Path.Combine(Conformance.RepositoryRoot, "tests", "Ayni.Llama.Tests", "Templates", "jinja.golden.jsonl"));
        using var first = JsonDocument.Parse(lines[0]);
        var variables = (MappingValue)TemplateJson.Read(first.RootElement.GetProperty("variables"));
        var wrong = new List<string>();
        foreach (var line in lines.Skip(1))
        {
            using var document = JsonDocument.Parse(line);
            var source = document.RootElement.GetProperty("template").GetString()!;
            var expected = document.RootElement.TryGetProperty("output", out var output) ? output.GetString() : null;
            string? actual, problem = null;
            try
            {
                actual = ChatTemplate.Parse(source).Render(variables, TimeProvider.System).Text;
            }
            catch (TemplateException e)
            {
                (actual, problem) = (null, e.Message);
            }
            if (actual != expected)
                wrong.Add($"{source}\n  expected {expected ?? "an error"}\n  gave     {actual ?? problem}");
        }
        Assert.Empty(wrong);
        Assert.True(lines.Length > 90);
    }
}
