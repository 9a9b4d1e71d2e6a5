using System.Text.RegularExpressions;
using Ayni.Tests;

namespace Ayni.Host.Tests;

/// <summary>The threat model names tests that there are.</summary>
public sealed partial class SecurityDocumentTests
{
    [Fact]
    public void Every_test_that_it_names_is_there()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Conformance.RepositoryRoot, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(Path.GetFileNameWithoutExtension, File.ReadAllText);
        var names = TestName().Matches(File.ReadAllText(Path.Combine(Conformance.RepositoryRoot, "docs", "security.md")));
        Assert.True(names.Count > 20);
        foreach (Match name in names)
        {
            var (type, method) = (name.Groups[1].Value, name.Groups[2].Value);
            Assert.True(sources.Contains(type), $"There is no {type}.");
            Assert.True(method.Length == 0 || sources[type].Any(source => source.Contains($" {method}(", StringComparison.Ordinal)), name.Value);
        }
    }

    [GeneratedRegex(@"`([A-Za-z]+Tests)(?:\.([A-Za-z0-9_]+))?`")]
    private static partial Regex TestName();
}
