using System.Xml.Linq;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The rules of <c>docs/architecture.md</c> that a project file can break.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Below = new()
    {
        ["Ayni.Kernels"] = [],
        ["Ayni.Llama"] = ["Ayni.Kernels"],
        ["Ayni.Receipts"] = [],
        ["Ayni.Ledger"] = ["Ayni.Receipts"],
        ["Ayni.Host"] = ["Ayni.Llama", "Ayni.Ledger"],
        ["Ayni.Training"] = ["Ayni.Llama"],
        ["Ayni.Cli"] = ["Ayni.Host", "Ayni.Training"],
    };

    [Fact]
    public void References_point_down_only()
    {
        var rooms = Directory.GetDirectories(Path.Combine(Conformance.RepositoryRoot, "src")).Select(folder => Path.GetFileName(folder)!).Order();
        Assert.Equal(Below.Keys.Order(), rooms);
        foreach (var (room, expected) in Below)
        {
            var references = Project(room).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
            Assert.Equal(expected.Order(), references.Order());
        }
    }

    [Fact]
    public void Only_the_kernels_may_use_pointers()
    {
        foreach (var room in Below.Keys)
            Assert.Equal(room == "Ayni.Kernels", Project(room).Descendants("AllowUnsafeBlocks").Any(e => e.Value == "true"));
    }

    [Fact]
    public void Versions_of_packages_stand_in_one_place()
    {
        foreach (var room in Below.Keys)
            Assert.DoesNotContain(Project(room).Descendants("PackageReference"), reference => reference.Attribute("Version") is not null);
    }

    private static XDocument Project(string room) => XDocument.Load(Path.Combine(Conformance.RepositoryRoot, "src", room, $"{room}.csproj"));
}
