namespace Ayni.Llama.Tests;

/// <summary>The licences as data, and how a model's is found.</summary>
public sealed class LicenceTests
{
    [Fact]
    public void The_seven_licences_are_whole()
    {
        Assert.Equal(
            ["llama1", "llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"], Licence.All.Select(licence => licence.Id));
        Assert.All(Licence.All, licence =>
        {
            Assert.StartsWith("https://", licence.Address.AbsoluteUri, StringComparison.Ordinal);
            Assert.All(licence.Clauses, clause => Assert.True(clause.Number.Length > 0 && clause.Text.Length > 20));
            Assert.Equal(licence.Clauses.Length, licence.Clauses.Select(clause => clause.Rule).Distinct().Count());
        });
        // What each asks beyond the others, from the licences' own texts.
        Assert.Equal(["llama1"], With(LicenceRule.ResearchOnly));
        Assert.Equal(["llama2", "llama3"], With(LicenceRule.NoTrainingOfOthers));
        Assert.Equal(["llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"], With(LicenceRule.Attribution));
        Assert.Equal(["llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"], With(LicenceRule.Naming));
        Assert.Equal(["llama3.2", "llama3.3", "llama4"], With(LicenceRule.Territory));
        Assert.Equal(["llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"], With(LicenceRule.MonthlyUsers));
        Assert.Equal("Built with Meta Llama 3", Licence.Find("llama3")!.Find(LicenceRule.Attribution)!.Value);
        Assert.Equal("Llama 3", Licence.Find("LLAMA3")!.Find(LicenceRule.Naming)!.Value);
        Assert.Equal(27, Licence.Find("llama4")!.Find(LicenceRule.Territory)!.Territories!.Count);
        Assert.Equal(new DateOnly(2024, 7, 23), Licence.Find("llama3.1")!.Released);

        static IEnumerable<string> With(LicenceRule rule) => Licence.All.Where(licence => licence.Find(rule) is not null).Select(licence => licence.Id);
    }

    [Theory]
    [InlineData("Meta-Llama-3-8B-Instruct", "llama3")]
    [InlineData("llama3", "llama3")]
    [InlineData("Llama3_8b", "llama3")]
    [InlineData("Meta Llama 3.1 8B", "llama3.1")]
    [InlineData("Hermes-3-Llama-3.1-8B", "llama3.1")]
    [InlineData("meta-llama/Llama-3.2-1B", "llama3.2")]
    [InlineData("llama3_2 community", "llama3.2")]
    [InlineData("Llama-3.3-70B-Instruct", "llama3.3")]
    [InlineData("Llama-4-Scout-17B-16E", "llama4")]
    [InlineData("Llama 4 Community License Agreement", "llama4")]
    [InlineData("Llama-2-7b-chat", "llama2")]
    [InlineData("LLaMA v2", "llama2")]
    [InlineData("CodeLlama-7b", "llama2")]
    [InlineData("LLaMA-7B", "llama1")]
    [InlineData("llama-65b", "llama1")]
    [InlineData("TinyLlama-1.1B-Chat", null)]
    [InlineData("open_llama_3b_v2", null)]
    [InlineData("open_llama_7b", null)]
    [InlineData("Llama-3B-something", null)]
    [InlineData("Llama-3.5-9B", null)]
    [InlineData("Cria", null)]
    [InlineData("apache-2.0", null)]
    [InlineData("", null)]
    public void A_family_is_known_by_its_name(string text, string? expected) => Assert.Equal(expected, ModelLicence.FindFamily(text)?.Id);

    [Fact]
    public void The_files_own_word_comes_before_its_parents_and_these_before_its_name()
    {
        Assert.Equal("llama3.2", Of(("general.license", "llama3.2"), ("general.name", "Llama-2-7b")).Name);
        // Whatever a tuned model calls its licence, its parent's follows it.
        var tuned = Of(
            ("general.license", "apache-2.0"), ("general.base_model.count", 1u), ("general.base_model.0.name", "Llama 3.1 8B"),
            ("general.base_model.0.repo_url", "https://huggingface.co/meta-llama/Llama-3.1-8B"));
        Assert.Equal(("llama3.1", 2), (tuned.Name, tuned.Parents.Count));
        Assert.Contains("base_model", tuned.Evidence, StringComparison.Ordinal);
        // A name proves nothing where the file states another licence.
        var other = Of(("general.license", "apache-2.0"), ("general.name", "Better than Llama 2"));
        Assert.Equal(("apache-2.0", null), (other.Name, other.Terms));
        Assert.Equal("llama2", Of(("general.name", "Llama-2-7b")).Name);
        Assert.Null(Of(("general.name", "bard")).Name);
        Assert.Equal("llama3", Of(("general.name", "bard")).As("llama3").Terms!.Id);
        Assert.Equal(("mit", null, ModelLicence.Stated), Apart(Of(("general.license", "llama2")).As("mit")));

        static (string?, Licence?, string) Apart(ModelLicence licence) => (licence.Name, licence.Terms, licence.Evidence);
    }

    [Theory]
    [InlineData("Llama-3.2-1B", "llama", false)]
    [InlineData("Llama-3.2-11B-Vision", "mllama", true)]
    [InlineData("Llama-3.2-90B-Vision-Instruct", "llama", true)]
    [InlineData("Llama-4-Scout", "llama4", true)]
    [InlineData("Llama-3.3-70B", "llama", false)]
    public void Multimodal_models_are_known(string name, string architecture, bool expected) =>
        Assert.Equal(expected, Of(("general.name", name), ("general.architecture", architecture)).IsMultimodal);

    [Fact]
    public void A_strangers_text_is_shown_short_and_clean()
    {
        var licence = Of(("general.license", new string('x', 10_000) + "\u001b[31m"), ("general.base_model.count", uint.MaxValue));
        Assert.Equal(200, licence.Name!.Length);
        Assert.DoesNotContain('\u001b', Of(("general.license", "a\u001b[31mb")).Evidence);
    }

    private static ModelLicence Of(params (string Key, object Value)[] entries) =>
        ModelLicence.Of(new GgufMetadata("test.gguf", entries.Select(entry => (entry.Key, entry.Value, 0L))));
}
