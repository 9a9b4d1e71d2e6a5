using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class NearDuplicatesTests
{
    [Fact]
    public void What_differs_in_case_and_blanks_says_the_same()
    {
        var documents = new NearDuplicates();
        Assert.Null(documents.Add(["The llama walks over the pass, slowly."]));
        Assert.Equal((0, 100), documents.Add(["the  LLAMA walks\nover the pass, slowly."]));
        Assert.Equal((0, 100), documents.Add(["The llama walks", "over the pass, slowly."]));
        Assert.Null(documents.Add(["3 + 4"]));
        Assert.Null(documents.Add(["3 - 4"]));
        Assert.Null(documents.Add(["  "]));
        Assert.Null(documents.Add([""]));
    }

    [Fact]
    public void The_estimate_is_near_the_share_of_runs_in_common()
    {
        // Documents with one word in a hundred changed have 95 of 101 runs of five in common or more, with one in five changed few.
        var random = new Random(3);
        string[] words = [.. Enumerable.Range(0, 5000).Select(_ => $"w{random.Next(100_000)}")];
        var (found, wrong) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var documents = new NearDuplicates();
            string[] text = [.. Enumerable.Range(0, 100).Select(_ => words[random.Next(words.Length)])];
            documents.Add([string.Join(' ', text)]);
            found += documents.Add([string.Join(' ', Changed(text, 1))]) is null ? 0 : 1;
            wrong += documents.Add([string.Join(' ', Changed(text, 20))]) is null ? 0 : 1;
        }
        Assert.Equal((40, 0), (found, wrong));

        string[] Changed(string[] text, int count)
        {
            var changed = (string[])text.Clone();
            for (; count > 0; count--)
                changed[random.Next(changed.Length)] = "other";
            return changed;
        }
    }

    [Fact]
    public void The_same_documents_in_the_same_order_give_the_same_answers() => Prop.ForAll<string[]>(texts =>
    {
        var (first, second) = (new NearDuplicates(), new NearDuplicates());
        return texts.All(text => first.Add([text ?? ""]) == second.Add([text ?? ""]));
    }).QuickCheckThrowOnFailure();
}
