using Ayni.Llama;

namespace Ayni.Training.Tests;

/// <summary>What the licences of models that wrote sources, and of parents, say to a recipe.</summary>
public sealed class LicenceCheckTests
{
    [Theory]
    [InlineData("llama2", null, true)]
    [InlineData("meta-llama/Llama-2-7b-chat", "apache-2.0", true)]
    [InlineData("Llama-2-7b-chat", "llama2", false)]
    [InlineData("Meta-Llama-3-8B-Instruct", "llama3.1", true)]
    [InlineData("llama3", "llama3", false)]
    [InlineData("llama3.1", null, false)]
    [InlineData("Llama-4-Scout", "llama2", false)]
    [InlineData("some other model", null, false)]
    public void A_source_that_its_writers_licence_keeps_from_other_models_is_refused(string writer, string? parent, bool refused)
    {
        var recipe = Recipe(writer);
        if (!refused)
        {
            LicenceCheck.Demand(recipe, Parent(parent));
            return;
        }
        var error = Assert.Throws<RecipeException>(() => LicenceCheck.Demand(recipe, Parent(parent)));
        Assert.Contains("letters", error.Message, StringComparison.Ordinal);
        Assert.Contains("1.b.v", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("small.yaml:18:21: generated_by: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_a_licence_asks_for_is_asked_for()
    {
        Assert.Empty(LicenceCheck.Demand(Recipe(null), null));
        Assert.Contains("\"Llama\"", Assert.Single(LicenceCheck.Demand(Recipe("llama3.1"), null)), StringComparison.Ordinal);
        Assert.Contains("\"Llama 3\"", Assert.Single(LicenceCheck.Demand(Recipe("llama3"), Parent("llama3"))), StringComparison.Ordinal);
        Assert.Empty(LicenceCheck.Demand(Recipe("llama3.1") with { Name = "Llama-small" }, Parent("llama3.2")));
    }

    [Fact]
    public void Who_wrote_a_source_is_in_the_recipe_as_it_was_understood()
    {
        Assert.Contains("generated_by: \"llama3.1\"", RecipeWriter.Write(Recipe("llama3.1")), StringComparison.Ordinal);
        Assert.DoesNotContain("generated_by", RecipeWriter.Write(Recipe(null)), StringComparison.Ordinal);
    }

    private static Recipe Recipe(string? writer) => RecipeTests.Read(
        writer is null ? RecipeTests.Small : RecipeTests.Small.Replace("rights_holder: us", $"rights_holder: us\n      generated_by: {writer}", StringComparison.Ordinal));

    private static GgufMetadata? Parent(string? licence) =>
        licence is null ? null : new("parent.gguf", [("general.license", (object)licence, 0L)]);
}
