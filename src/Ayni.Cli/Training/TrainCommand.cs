using System.CommandLine;
using System.Globalization;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary><c>ayni train</c> and <c>ayni tune</c>: follow a recipe.</summary>
internal static class TrainCommand
{
    public static Command CreateTrain() => Create(
        "train",
        """
        Train a new model from nothing, as a recipe says. Ended at any moment and started again, it goes on from its last checkpoint to the
        same numbers. docs/training.md has every field of a recipe.

        Example:
          ayni train recipes/hello.yaml
        """,
        recipe => recipe.NewModel is null ? "starts from a parent model; follow it with 'ayni tune'" : null);

    public static Command CreateTune() => Create(
        "tune",
        """
        Tune a model that has learned already, as a recipe says: the model itself, or an adapter beside it. Ended at any moment and started
        again, it goes on from its last checkpoint to the same numbers. docs/training.md has every field of a recipe.

        Example:
          ayni tune recipes/pirate.yaml
          ayni chat --adapter recipes/runs/pirate/adapter
        """,
        recipe => recipe.NewModel is not null ? "makes a new model; follow it with 'ayni train'" : null);

    private static Command Create(string name, string description, Func<Recipe, string?> refusal)
    {
        var path = new Argument<string>("recipe") { Description = "The recipe, a YAML file." };
        var folder = new Option<string?>("--out", "-o")
        {
            Description = "The run's folder, instead of the recipe's output folder.",
            HelpName = "DIR",
        };
        var threads = ModelOption.Threads();
        var key = new Option<string?>("--key")
        {
            Description = "The maker's key, to sign what the model learned from (make one with 'ayni provenance key').",
            HelpName = "FILE",
        };
        var command = new Command(name, description) { path, folder, threads, key };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(
            () =>
            {
                var file = result.GetValue(path)!;
                if (!File.Exists(file))
                    throw new UsageException($"There is no recipe {file}.");
                var recipe = Recipe.Read(file);
                if (refusal(recipe) is { } reason)
                    throw new UsageException($"{file} {reason}.");
                var to = result.GetValue(folder) ?? Path.Combine(recipe.Folder, recipe.Output.Folder);
                var maker = result.GetValue(key) is { } keyFile ? MakerKey.Read(keyFile) : null;
                Follow(recipe, to, ModelOption.CheckThreads(result.GetValue(threads)), maker, cancellationToken);
                return 0;
            },
            CancellationToken.None));
        return command;
    }

    private static void Follow(Recipe recipe, string folder, int threads, MakerKey? key, CancellationToken cancellationToken)
    {
        using var run = Open(recipe, folder, threads, key, cancellationToken);
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{recipe.Name}: {run.TrainedParameters:N0} parameters, {run.Data.Sources.Sum(source => source.Documents):N0} documents, "
            + $"{run.Data.Sources.Sum(source => source.Tokens):N0} tokens; {run.Steps:N0} steps, {run.Step:N0} of them made"));
        foreach (var line in Preparation(run.Data.Sources))
            Console.Out.WriteLine(line);
        if (run.CutDocuments > 0)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"note: {run.CutDocuments:N0} documents are longer than a row and are learned in pieces that don't see each other; "
                + $"a longer 'context' keeps them whole"));
        }
        foreach (var remark in run.LicenceRemarks)
            Console.Out.WriteLine($"note: {TerminalText.Clean(remark)}");
        string written;
        try
        {
            using var view = new TrainingView(Console.Out, Console.IsOutputRedirected ? null : () => Console.WindowWidth);
            written = run.Run(view, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"ayni: ended after step {run.Step:N0} of {run.Steps:N0}; the same command goes on from there."));
            throw;
        }
        Console.Out.WriteLine($"{written}  (losses: {Path.Combine(run.Folder, "loss.html")})");
    }

    private static TrainingRun Open(Recipe recipe, string folder, int threads, MakerKey? key, CancellationToken cancellationToken)
    {
        using var progress = new LoadProgress("Reading the sources of", recipe.Name);
        return TrainingRun.Open(recipe, folder, threads, TimeProvider.System, key, progress, cancellationToken);
    }

    /// <summary>What was left out and masked, in words.</summary>
    private static IEnumerable<string> Preparation(IReadOnlyList<ShardSource> sources)
    {
        var (exact, near) = (sources.Sum(source => source.ExactDuplicates), sources.Sum(source => source.NearDuplicates));
        if (exact + near > 0)
            yield return string.Create(
                CultureInfo.InvariantCulture, $"left out {exact:N0} documents that occur twice, and {near:N0} that nearly do (duplicates.jsonl)");
        var masked = sources.Select(source => source.Masked).Aggregate((a, b) => a + b);
        if (masked != new PersonalDataCounts())
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"masked {masked.Email:N0} e-mail addresses, {masked.Phone:N0} telephone numbers, {masked.Card:N0} cards, "
                + $"{masked.Iban:N0} bank accounts");
        }
    }
}
