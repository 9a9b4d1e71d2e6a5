using System.Globalization;
using System.Text.Json;
using Ayni.CriaCorpus;
using Ayni.Llama;
using Ayni.Tests;
using CriaTexts = Ayni.CriaCorpus.Corpus;

namespace Ayni.Training.Tests;

/// <summary>The model in the box, held against what is said of it.</summary>
public sealed class CriaModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Models { get; } = Path.Combine(Conformance.RepositoryRoot, "models");

    private static string Model { get; } = Path.Combine(Models, "cria.gguf");

    private static string PublicKey { get; } = File.ReadAllText(Path.Combine(Models, "maker.pub")).Trim();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_knows_its_size_and_so_does_its_card()
    {
        using var source = ModelSource.Open(Model);
        var parameters = source.Tensors.Sum(tensor => tensor.Dimensions.Aggregate(1L, (a, b) => a * b));
        var millions = string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:F1} million parameters");
        var size = CriaTexts.LastConversations().SelectMany(conversation => conversation.Exchanges)
            .First(exchange => exchange.Answer.StartsWith("I have ", StringComparison.Ordinal)).Answer;
        Assert.Contains(millions, size, StringComparison.Ordinal);
        Assert.Contains(millions, File.ReadAllText(Path.Combine(Models, "cria.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_file_says_whose_it_is_and_under_which_licence()
    {
        using var source = ModelSource.Open(Model);
        Assert.Equal(
            ("cria", "Apache-2.0", "The Ayni developers", "cria-base"),
            (source.Metadata.FindString("general.name"), source.Metadata.FindString("general.license"),
                source.Metadata.FindString("general.author"), source.Metadata.FindString("general.base_model.0.name")));
        Assert.Equal("Apache-2.0", ModelLicence.Of(source.Metadata).Name);
    }

    [Fact]
    public void Its_makers_vouch_for_what_it_learned_from_and_one_changed_byte_is_found()
    {
        var provenance = ModelProvenance.Open(Model);
        Assert.Equal(FindingState.Right, ProvenanceVerifier.VerifyMaker(provenance, PublicKey).State);
        var findings = Verify(provenance);
        Assert.Equal(["data"], findings.Where(finding => finding.State != FindingState.Right).Select(finding => finding.Subject));
        Assert.Equal(3, findings.Count(finding => finding.Subject.StartsWith("source", StringComparison.Ordinal)));

        var copy = _folder.PathOf("cria.gguf");
        foreach (var ending in (string[])["gguf", "provenance.json", "provenance.leaves"])
            File.Copy(Path.ChangeExtension(Model, ending), Path.ChangeExtension(copy, ending));
        var bytes = File.ReadAllBytes(copy);
        bytes[^1000] ^= 1;
        File.WriteAllBytes(copy, bytes);
        Assert.Equal("weights", Assert.Single(Verify(ModelProvenance.Open(copy)), finding => finding.State == FindingState.Wrong).Subject);
        var leaves = Path.ChangeExtension(copy, "provenance.leaves");
        bytes = File.ReadAllBytes(leaves);
        bytes[^1000] ^= 1;
        File.WriteAllBytes(leaves, bytes);
        Assert.Throws<ProvenanceException>(() => Verify(ModelProvenance.Open(copy)));
    }

    [Fact]
    public void It_is_proven_of_a_conversation_whether_Cria_learned_from_it()
    {
        var provenance = ModelProvenance.Open(Model);
        var learned = CriaTexts.LastConversations().First();
        Assert.Equal(
            [
                ("cria", "chat", Membership.Member), ("cria-base", "lessons", Membership.Absent),
                ("cria-base", "conversations", Membership.Absent),
            ],
            Prove(learned));
        Assert.All(
            Prove(learned with { System = "Nobody said this." }), found => Assert.Equal(Membership.Absent, found.Membership));

        IEnumerable<(string Model, string Source, Membership Membership)> Prove(Conversation conversation)
        {
            var path = _folder.PathOf("document.jsonl");
            var messages = (conversation.System is { } system ? new[] { ("system", system) } : [])
                .Concat(conversation.Exchanges.SelectMany(exchange => new[] { ("user", exchange.Question), ("assistant", exchange.Answer) }))
                .Select(message => new { role = message.Item1, content = message.Item2 });
            File.WriteAllText(path, JsonSerializer.Serialize(new { messages }) + "\n");
            var document = GivenDocument.Read(path, null);
            return document.Verify(document.Prove(provenance, null, false), provenance, null)
                .Select(found => (found.Model, found.Source, found.Membership));
        }
    }

    private static IReadOnlyList<ProvenanceFinding> Verify(ModelProvenance provenance) =>
        ProvenanceVerifier.Verify(provenance, recipe: null, key: null, progress: null, CancellationToken.None);
}
