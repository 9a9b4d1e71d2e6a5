using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>What the licences of the models in a recipe, its parent's and those that wrote its sources, say to it.</summary>
internal static class LicenceCheck
{
    /// <summary>
    /// Throws <see cref="RecipeException"/> if a source was written by a model whose licence forbids that another model learns from it.
    /// Returns what else is to be known before the result is handed on.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="parent">The metadata of the parent; null for a model made from nothing.</param>
    public static ImmutableArray<string> Demand(Recipe recipe, GgufMetadata? parent)
    {
        var own = parent is null ? null : ModelLicence.Of(parent).Terms;
        var remarks = ImmutableArray.CreateBuilder<string>();
        Remark("its parent", own);
        foreach (var (i, source) in recipe.Sources.Index())
        {
            if (source.GeneratedBy is not { } writer || ModelLicence.FindFamily(writer) is not { } terms)
                continue;
            // A model of the same family, and what is derived from it, may learn from it.
            if (terms.Find(LicenceRule.NoTrainingOfOthers) is { } clause && own?.Id != terms.Id)
            {
                throw recipe.Error(
                    $"data.sources.{i}.generated_by",
                    $"the source '{source.Name}' was written by {writer}, and clause {clause.Number} of the {terms.Name} "
                    + $"does not let another model learn from it: {clause.Text} Leave the source out ({terms.Address})");
            }
            Remark($"the source '{source.Name}'", terms, writtenByIt: true);
        }
        return [.. remarks.Distinct()];

        void Remark(string what, Licence? terms, bool writtenByIt = false)
        {
            // The third generation asks for the name of what was made with the model, later ones also of what was made with its answers.
            if (terms?.Find(LicenceRule.Naming) is not { Value: { } word } clause || (writtenByIt && terms.Id == "llama3"))
                return;
            if (!recipe.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            {
                remarks.Add(
                    $"{what} is under the {terms.Name}: if you hand '{recipe.Name}' on or offer it, its name must begin with \"{word}\" "
                    + $"(clause {clause.Number}, {terms.Address})");
            }
        }
    }
}
