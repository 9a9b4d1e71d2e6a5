using System.Diagnostics;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainCommandTests()
    {
        Directory.CreateDirectory(_folder.PathOf("hello"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Recipes, "hello")))
            File.Copy(file, Path.Combine(_folder.PathOf("hello"), Path.GetFileName(file)));
    }

    private static string Recipes => Path.Combine(Conformance.RepositoryRoot, "recipes");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_example_trains_and_tunes_and_its_model_runs()
    {
        var hello = Copy("hello.yaml", ("steps: 300", "steps: 60"));
        var trained = (await AyniCommand.RunAsync("train", hello)).Succeeded();
        Assert.StartsWith("hello: ", trained.Lines[0], StringComparison.Ordinal);
        Assert.Contains(trained.Lines, line => line.StartsWith("step 60/60  loss ", StringComparison.Ordinal));
        Assert.DoesNotContain('\r', trained.Output.ReplaceLineEndings("\n"));
        var losses = Losses("runs/hello");
        Assert.Equal(60, losses.Length);
        Assert.True(losses[^5..].Average() < losses[..5].Average() / 2, $"{losses[0]} to {losses[^1]}");
        var model = _folder.PathOf("runs/hello/model.gguf");
        var answer = (await AyniCommand.RunAsync(
            "run", "--model", model, "Who are you?", "-n", "8", "--temperature", "0", "--json")).Succeeded();
        Assert.NotEqual("", answer.Json.GetProperty("text").GetString());

        var tuned = (await AyniCommand.RunAsync("tune", Copy("hello-tune.yaml", ("steps: 60", "steps: 20")))).Succeeded();
        Assert.Contains(tuned.Lines, line => line.StartsWith("step 20/20", StringComparison.Ordinal));
        Assert.True(File.Exists(_folder.PathOf("runs/hello-pirate/adapter/adapter_model.safetensors")));
        Assert.True(Losses("runs/hello-pirate")[^1] < Losses("runs/hello-pirate")[0]);
        (await AyniCommand.RunAsync("tune", Copy("hello-prefer.yaml", ("steps: 40", "steps: 15")))).Succeeded();
        Assert.Equal(Math.Log(2), Losses("runs/hello-prefer")[0], 1e-4);
        Assert.True(Losses("runs/hello-prefer")[^1] < 0.6);
        Assert.True(File.Exists(_folder.PathOf("runs/hello-prefer/adapter/adapter_model.safetensors")));
        await TheAdapterChangesWhatTheModelAnswers(model, _folder.PathOf("runs/hello-pirate/adapter"));
    }

    private async Task TheAdapterChangesWhatTheModelAnswers(string model, string adapter)
    {
        var questions = _folder.Write("eval.jsonl", """
            {"category":"greetings","prompt":"Who are you?","check":{"not":"no such answer"}}
            {"category":"nonsense","prompt":"Hello!","check":{"exact":"no such answer"}}
            """);
        var plain = (await AyniCommand.RunAsync("eval", questions, "--model", model, "-n", "12", "--json")).Succeeded().Json;
        var tuned = (await AyniCommand.RunAsync("eval", questions, "--model", model, "--adapter", adapter, "-n", "12", "--json")).Succeeded().Json;
        Assert.Equal(JsonValueKind.Null, plain.GetProperty("adapter").ValueKind);
        Assert.Equal("hello-pirate", tuned.GetProperty("adapter").GetString());
        Assert.Equal((2, 1), (tuned.GetProperty("questions").GetInt32(), tuned.GetProperty("passed").GetInt32()));
        var answers = tuned.GetProperty("answers").EnumerateArray().Select(answer => answer.GetProperty("answer").GetString()).ToArray();
        Assert.NotEqual(plain.GetProperty("answers").EnumerateArray().Select(answer => answer.GetProperty("answer").GetString()), answers);
        var run = (await AyniCommand.RunAsync(
            "run", "--model", model, "--adapter", adapter, "Who are you?", "-n", "12", "--temperature", "0", "--json")).Succeeded();
        Assert.Equal(answers[0], run.Json.GetProperty("text").GetString()!.Trim());
        (await AyniCommand.RunAsync("run", "--model", model, "--adapter", _folder.PathOf("hello"), "Hi")).Failed("There is no adapter in");
        var table = (await AyniCommand.RunAsync("eval", questions, "--model", model, "-n", "12", "--failures")).Succeeded();
        Assert.Contains(table.Lines, line => line.StartsWith("line 2 (nonsense) fails at exact: Hello!", StringComparison.Ordinal));
        Assert.Contains(table.Lines, line => line.StartsWith("all ", StringComparison.Ordinal) && line.EndsWith("1 of     2   50.0 %", StringComparison.Ordinal));
        (await AyniCommand.RunAsync("eval", Path.Combine(Recipes, "hello.yaml"), "--model", model)).Failed("hello.yaml, line 1");
    }

    [Fact]
    public async Task A_run_that_is_killed_at_any_moment_goes_on_to_the_same_losses()
    {
        // Long enough to be killed several times, and with a checkpoint at nearly every step to be killed within.
        var recipe = Copy(
            "hello.yaml", ("steps: 300", "steps: 24"), ("every: 50\ntraining", "every: 6\ntraining"), ("checkpoint_every: 50", "checkpoint_every: 2"));
        (await AyniCommand.RunAsync("train", recipe, "--out", _folder.PathOf("whole"))).Succeeded();
        var random = new Random(17);
        var kills = 0;
        for (var target = 0; target < 20; target += random.Next(4, 9))
            kills += await KillAfterAsync(recipe, target, random) ? 1 : 0;
        (await AyniCommand.RunAsync("train", recipe, "--out", _folder.PathOf("parts"))).Succeeded();
        Assert.True(kills > 0);
        Assert.Equal(Losses("whole"), Losses("parts"));
        var whole = await File.ReadAllBytesAsync(_folder.PathOf("whole/model.gguf"));
        Assert.Equal(whole, await File.ReadAllBytesAsync(_folder.PathOf("parts/model.gguf")));
    }

    [Fact]
    public async Task A_run_that_is_interrupted_says_where_it_goes_on()
    {
        if (OperatingSystem.IsWindows())
            return; // There is no such signal.
        using var process = AyniCommand.Start(["train", Copy("hello.yaml"), "--out", _folder.PathOf("parts")]);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (StepsIn("parts") < 3)
            await Task.Delay(2, limit.Token);
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            await kill.WaitForExitAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        await output;
        Assert.Equal(130, process.ExitCode);
        Assert.Matches("^ayni: ended after step [0-9]+ of 300; the same command goes on from there.\r?\n$", await error);
        Assert.True(File.Exists(_folder.PathOf("parts/checkpoint.bin")));
    }

    [FullDeviceFact]
    public async Task A_disk_that_is_full_leaves_the_last_checkpoint_whole()
    {
        // Steps enough that it is killed long before the last.
        var recipe = Copy("hello.yaml", ("every: 50\ntraining", "every: 6\ntraining"), ("checkpoint_every: 50", "checkpoint_every: 4"));
        Assert.True(await KillAfterAsync(recipe, 6, new Random(3)));
        var checkpoint = _folder.PathOf("parts/checkpoint.bin");
        var before = await File.ReadAllBytesAsync(checkpoint);

        File.Delete(checkpoint + ".partial");
        File.CreateSymbolicLink(checkpoint + ".partial", FullDevice.Path);
        var refused = (await AyniCommand.RunAsync("train", recipe, "--out", _folder.PathOf("parts"))).Failed("can't be written");
        Assert.Contains("is kept. Free some space", refused.Error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(checkpoint));
        Assert.False(File.Exists(checkpoint + ".partial"));
        (await AyniCommand.RunAsync("train", recipe, "--out", _folder.PathOf("parts"))).Succeeded();
        Assert.Equal(300, Losses("parts").Length);
    }

    [Fact]
    public async Task What_can_t_be_done_is_said_in_a_sentence()
    {
        (await AyniCommand.RunAsync("train", "nowhere.yaml")).Failed("There is no recipe nowhere.yaml");
        (await AyniCommand.RunAsync("tune", Copy("hello.yaml"))).Failed("follow it with 'ayni train'");
        var unlicensed = Copy("hello.yaml", ("licence: Apache-2.0", "licence: LicenseRef-Unknown"));
        (await AyniCommand.RunAsync(
            "train", unlicensed)).Failed("hello.yaml:19:16: licence: the source 'stories' is under LicenseRef-Unknown");
        Assert.False(Directory.Exists(_folder.PathOf("runs")));
    }

    /// <summary>Kills a run soon after some step; false where it was done before.</summary>
    private async Task<bool> KillAfterAsync(string recipe, int step, Random random)
    {
        using var process = AyniCommand.Start(["train", recipe, "--out", _folder.PathOf("parts")]);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!process.HasExited && StepsIn("parts") <= step)
            await Task.Delay(2, limit.Token);
        await Task.Delay(random.Next(40), limit.Token);
        var runs = !process.HasExited;
        if (runs)
            process.Kill();
        await process.WaitForExitAsync(limit.Token);
        Assert.True(runs || process.ExitCode == 0, await error);
        await output;
        return runs;
    }

    private int StepsIn(string folder)
    {
        var path = _folder.PathOf(Path.Combine(folder, "metrics.jsonl"));
        if (!File.Exists(path))
            return 0;
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Count(character => character == '\n');
    }

    private double[] Losses(string folder) =>
    [
        .. File.ReadLines(_folder.PathOf(Path.Combine(folder, "metrics.jsonl")))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("loss").GetDouble()),
    ];

    private string Copy(string name, params (string From, string To)[] changes)
    {
        var text = File.ReadAllText(Path.Combine(Recipes, name)).ReplaceLineEndings("\n");
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }
        return _folder.Write(name, text);
    }
}
