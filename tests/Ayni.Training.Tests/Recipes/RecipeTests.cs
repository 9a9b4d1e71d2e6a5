using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ayni.Tests;

namespace Ayni.Training.Tests;

public sealed class RecipeTests
{
    internal const string Small = """
        model:
          tokenizer: tokenizer.tiktoken
          new:
            hidden_size: 16
            intermediate_size: 24
            layers: 1
            heads: 2
            key_value_heads: 1
            context_length: 64
        data:
          allow: [Apache-2.0, CC0-1.0]
          sources:
            - name: letters
              path: letters.jsonl
              licence: Apache-2.0
              origin: written here
              rights_holder: us
        validation:
          share: 0.2
          every: 4
        training:
          batch: 2
          context: 32
          steps: 12
          checkpoint_every: 4
        optimizer:
          rate: 1e-2
        output:
          folder: run
        """;

    [Fact]
    public void A_recipe_as_it_was_understood_reads_as_the_same()
    {
        var recipe = Read(Small);
        var again = Read(RecipeWriter.Write(recipe));
        Assert.Equal(RecipeWriter.Write(recipe), RecipeWriter.Write(again));
        Assert.Equal(recipe.ComputeDigest(), again.ComputeDigest());
        Assert.Equal(new NewModelShape(16, 24, 1, 2, 1, 8, 64, 10_000, 1e-5, true), again.NewModel);
        Assert.Equal((12L, 2, 1, 1UL, 0.01), (again.Steps, again.Batch, again.Accumulation, again.Seed, again.Optimizer.PeakRate));
        var other = Read(Small.Replace(
            "rights_holder: us", "rights_holder: us\n      visibility: private\n      mask: [iban, email]\n      share: 0.25",
            StringComparison.Ordinal).Replace("folder: run", "folder: run\n  licence: MIT\n  author: us\n  description: small", StringComparison.Ordinal).Replace("  sources:", "  duplicates: exact\n  sources:", StringComparison.Ordinal));
        Assert.Equal(RecipeWriter.Write(other), RecipeWriter.Write(Read(RecipeWriter.Write(other))));
        Assert.Equal(
            (true, PersonalDataKinds.Iban | PersonalDataKinds.Email, 0.25, DuplicatePolicy.Exact),
            (other.Sources[0].IsPrivate, other.Sources[0].Mask, other.Sources[0].Share, other.Duplicates));
        // Comments and blanks mean nothing, a number does.
        Assert.Equal(recipe.ComputeDigest(), Read(
            "# Small.\n" + Small.Replace("steps: 12", "steps:   12", StringComparison.Ordinal)).ComputeDigest());
        Assert.NotEqual(recipe.ComputeDigest(), Read(Small.Replace("steps: 12", "steps: 13", StringComparison.Ordinal)).ComputeDigest());
    }

    [Theory]
    [InlineData("rope_scaling:\n      factor: 8\n      original_context_length: 32")]
    [InlineData("rope_scaling:\n      type: linear\n      factor: 2.5")]
    [InlineData("rope_scaling:\n      type: yarn\n      factor: 4\n      original_context_length: 16\n    experts:\n      count: 4")]
    [InlineData("experts:\n      count: 4\n      intermediate_size: 8\n      every: 1")]
    public void A_shape_with_scaling_or_experts_reads_as_the_same(string fields)
    {
        var recipe = Read(Small.Replace("layers: 1", "layers: 1\n    " + fields, StringComparison.Ordinal));
        Assert.Equal(recipe.NewModel, Read(RecipeWriter.Write(recipe)).NewModel);
        Assert.NotEqual(Read(Small).ComputeDigest(), recipe.ComputeDigest());
    }

    [Fact]
    public void The_page_on_training_has_every_field_in_recipes_that_are_read()
    {
        var page = File.ReadAllText(Path.Combine(Conformance.RepositoryRoot, "docs", "training.md")).ReplaceLineEndings("\n");
        string[] recipes = [.. Regex.Matches(page, "```yaml\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];
        Assert.Equal(2, recipes.Length);
        foreach (var text in recipes)
        {
            Assert.NotNull(Read(text));
            // What is unknown somewhere is refused with all that could stand there.
            foreach (Match place in Regex.Matches(text, "^( *)(?:[a-z_]+: *(?:#.*)?|- name: [a-z]+)\n", RegexOptions.Multiline))
            {
                if (place.Value.TrimStart().StartsWith("sources:", StringComparison.Ordinal))
                    continue;
                var error = Assert.Throws<RecipeException>(() => Read(text.Insert(place.Index + place.Length, $"{place.Groups[1].Value}  nothing: 1\n")));
                var known = error.Message[(error.Message.IndexOf("here there are ", StringComparison.Ordinal) + "here there are ".Length)..];
                Assert.All(known.Split(", "), name => Assert.Matches($"(?m)^ *(- |# )?{name}:", string.Join('\n', recipes)));
            }
        }
    }

    [Fact]
    public void Numbers_are_read_alike_in_every_country()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            Assert.Equal(0.2, Read(RecipeWriter.Write(Read(Small))).Validation.Share);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("steps: 12", "stepz: 12", "24:3: unknown field 'stepz'")]
    [InlineData("steps: 12", "steps: many", "24:10: steps: expected a whole number, found 'many'")]
    [InlineData("steps: 12", "steps: 0", "24:10: steps: 0 is not from 1")]
    [InlineData("steps: 12", "steps: 12\n  epochs: 1", "22:3: give either 'steps' or 'epochs'")]
    [InlineData("steps: 12", "steps: 12\n  steps: 12", "25:3: the field 'steps' occurs twice")]
    [InlineData("steps: 12", "steps: &a 12", "24:10: an anchor")]
    [InlineData("steps: 12", "steps: *a", "24:10: an alias")]
    [InlineData("steps: 12", "steps: !!int 12", "a tag: recipes have none")]
    [InlineData("steps: 12", "steps: [", "not valid YAML")]
    [InlineData("steps: 12", "steps:", "steps: the value is missing")]
    [InlineData("licence: Apache-2.0", "share: 1", "the source 'letters' has no licence")]
    [InlineData("licence: Apache-2.0", "licence: Proprietary", "15:16: licence: the source 'letters' is under Proprietary, which the recipe does not allow")]
    [InlineData("origin: written here", "weight: 1", "the field 'origin' is missing")]
    [InlineData("allow: [Apache-2.0, CC0-1.0]", "allow: [do what you like]", "11:10: allow: 'do what you like' is no SPDX identifier")]
    [InlineData("allow: [Apache-2.0, CC0-1.0]", "allow: []", "11:10: allow: expected a list of at least one item")]
    [InlineData("rights_holder: us", "rights_holder: us\n      mask: [names]", "18:13: mask: 'names' is none of email, phone, card, iban")]
    [InlineData("rights_holder: us", "rights_holder: us\n      visibility: secret", "'secret' is none of public, private")]
    [InlineData("rights_holder: us", "rights_holder: us\n      weight: 0.1234567", "weight: 0.1234567 has more than six decimal places")]
    [InlineData("allow: [Apache-2.0, CC0-1.0]", "allow: [Apache-2.0]\n  duplicates: keep", "duplicates: 'keep' is none of near, exact")]
    [InlineData("key_value_heads: 1", "key_value_heads: 3", "3 do not divide the 2 heads")]
    [InlineData("  tokenizer: tokenizer.tiktoken", "  parent: model.gguf", "either 'new', with its shape, or has a 'parent'")]
    [InlineData("rate: 1e-2", "rate: 1e-2\nadapter:\n  rank: 2", "an adapter changes a model that has learned already")]
    [InlineData("layers: 1", "layers: 1\n    experts:\n      count: 0", "8:14: count: 0 is not from 1 to 4096")]
    [InlineData("layers: 1", "layers: 1\n    experts:\n      every: 1", "8:7: the field 'count' is missing")]
    [InlineData("layers: 1", "layers: 1\n    experts:\n      count: 2\n      every: 2", "9:14: every: 2 is not from 1 to 1")]
    [InlineData("layers: 1", "layers: 1\n    experts:\n      count: 2\n      qk_norm: true", "9:7: unknown field 'qk_norm'")]
    [InlineData("layers: 1", "layers: 1\n    rope_scaling:\n      factor: 0.5", "8:15: factor: 0.5 is not from 1")]
    [InlineData("layers: 1", "layers: 1\n    rope_scaling:\n      type: ntk", "8:13: type: 'ntk' is none of llama3, linear, yarn")]
    [InlineData("layers: 1", "layers: 1\n    rope_scaling:\n      factor: 8\n      original_context_length: 65", "9:32: original_context_length: 65 is not from 2 to 64")]
    [InlineData("layers: 1", "layers: 1\n    rope_scaling:\n      type: linear\n      factor: 8\n      original_context_length: 8", "10:7: unknown field")]
    [InlineData("rate: 1e-2", "rate: .nan", "expected a number")]
    [InlineData("rate: 1e-2", "rate: NaN", "is not from")]
    [InlineData("folder: run", "folder: run\n  type: Q9", "type: 'Q9' can't be written there")]
    [InlineData("output:", "output: here\nother:", "output: expected fields below it")]
    public void What_can_t_be_followed_is_named_with_its_line_and_column(string from, string to, string expected)
    {
        var text = Small.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Small, text);
        var error = Assert.Throws<RecipeException>(() => Read(text));
        Assert.StartsWith("small.yaml:", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the recipe is empty")]
    [InlineData("- a", "a recipe is a mapping")]
    [InlineData("a: 1\n---\nb: 1", "")]
    [InlineData("? [a]\n: b", "a field's name is a word")]
    public void What_is_no_recipe_at_all_is_refused(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<RecipeException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        var deep = Assert.Throws<RecipeException>(() => Read("a: " + new string('[', 10_000) + new string(']', 10_000)));
        Assert.Contains("deep", deep.Message, StringComparison.Ordinal);
        Assert.Contains(
            "characters are more", Assert.Throws<RecipeException>(() => Read(new string(' ', 2 << 20))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_damage_is_refused_in_a_sentence_or_read()
    {
        var random = new Random(5);
        const string Characters = "abc:- \n\t[]{}#&*!|>'\"%@`,?0.9~\u00e9\u0085";
        for (var round = 0; round < 1500; round++)
        {
            var text = new StringBuilder(Small);
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                var place = random.Next(text.Length);
                if (random.Next(2) == 0)
                    text[place] = Characters[random.Next(Characters.Length)];
                else
                    text.Remove(place, Math.Min(random.Next(1, 20), text.Length - place));
            }
            try
            {
                Read(text.ToString());
            }
            catch (RecipeException error)
            {
                Assert.True(error.Line >= 1 && error.Column >= 1);
            }
        }
    }

    internal static Recipe Read(string text) => RecipeReader.Read("small.yaml", text);
}
