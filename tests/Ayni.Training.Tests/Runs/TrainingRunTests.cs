using System.Text.Json;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

public sealed class TrainingRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainingRunTests()
    {
        File.Copy(Path.Combine(Conformance.RepositoryRoot, "recipes", "hello", "tokenizer.tiktoken"), _folder.PathOf("tokenizer.tiktoken"));
        WriteSource("abcdefgh");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("adamw", 1, "f32")]
    [InlineData("adamw", 2, "bf16")]
    [InlineData("muon", 2, "f32")]
    public void A_run_that_was_ended_goes_on_to_the_same_numbers(string optimizer, int accumulation, string precision)
    {
        var recipe = Recipe(
            ("rate: 1e-2", $"rate: 1e-2\n  name: {optimizer}"),
            ("steps: 12", $"steps: 12\n  accumulation: {accumulation}\n  precision: {precision}"));
        Finish(recipe, "whole", threads: 2);
        foreach (var end in (int[])[1, 5, 5, 9])
            Assert.Throws<OperationCanceledException>(() => RunUntil(recipe, "parts", end));
        Finish(recipe, "parts", threads: 1);
        Assert.Equal(Losses("whole"), Losses("parts"));
        Assert.Equal(12, Losses("whole").Length);
        Assert.Equal(File.ReadAllBytes(PathOf("whole", "model.gguf")), File.ReadAllBytes(PathOf("parts", "model.gguf")));
        Assert.True(Losses("whole")[^1].Loss < Losses("whole")[0].Loss);
    }

    [Fact]
    public void What_a_crash_left_behind_the_last_checkpoint_is_computed_again()
    {
        var recipe = Recipe();
        Finish(recipe, "whole");
        Assert.Throws<InvalidTimeZoneException>(() => RunUntil(recipe, "parts", 7, crashes: true));
        Assert.Equal(7, Losses("parts").Length);
        File.AppendAllText(PathOf("parts", "metrics.jsonl"), """{"step":8,"lo""");
        File.WriteAllText(PathOf("parts", "checkpoint.bin.partial"), "half");
        using (var run = Open(recipe, "parts"))
            Assert.Equal(4, run.Step);
        Finish(recipe, "parts");
        Assert.Equal(Losses("whole"), Losses("parts"));
    }

    [Fact]
    public void A_changed_recipe_or_source_is_refused_under_a_run_and_named()
    {
        Assert.Throws<OperationCanceledException>(() => RunUntil(Recipe(), "run", 2));
        var checkpoint = File.ReadAllBytes(PathOf("run", "checkpoint.bin"));
        AssertRefused(Recipe(("rate: 1e-2", "rate: 2e-2")), "the recipe has changed");
        WriteSource("abcdefgi");
        AssertRefused(Recipe(), "the source 'letters' has changed");
        Assert.Equal(checkpoint, File.ReadAllBytes(PathOf("run", "checkpoint.bin")));
        WriteSource("abcdefgh");
        using var run = Open(Recipe(), "run");
        Assert.Equal(2, run.Step);

        void AssertRefused(Recipe recipe, string expected) =>
            Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Open(recipe, "run")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_by_name_and_never_worse()
    {
        Assert.Throws<OperationCanceledException>(() => RunUntil(Recipe(), "run", 2));
        var path = PathOf("run", "checkpoint.bin");
        var good = File.ReadAllBytes(path);
        var values = new float[4];
        var identity = new RunIdentity("a", null, "b", []);
        CheckpointFile.Write(PathOf("small.bin"), new Checkpoint(3, 1, 1, null, 0.5, identity), [("x", values)]);
        var small = File.ReadAllBytes(PathOf("small.bin"));
        var random = new Random(9);
        for (var round = 0; round < 300; round++)
        {
            var bytes = (byte[])small.Clone();
            bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            File.WriteAllBytes(PathOf("small.bin"), round % 3 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            Assert.Throws<CheckpointException>(() => CheckpointFile.Read(PathOf("small.bin"), identity, [("x", values)]));
        }
        foreach (var length in (int[])[0, 10, 100, good.Length - 1])
        {
            File.WriteAllBytes(path, good[..length]);
            var error = Assert.Throws<CheckpointException>(() => Open(Recipe(), "run"));
            Assert.Contains("checkpoint.bin", error.Message, StringComparison.Ordinal);
        }
    }

    [FullDeviceFact]
    public void A_full_disk_leaves_the_last_checkpoint_whole()
    {
        Assert.Throws<OperationCanceledException>(() => RunUntil(Recipe(), "run", 4));
        var good = File.ReadAllBytes(PathOf("run", "checkpoint.bin"));
        File.CreateSymbolicLink(PathOf("run", "checkpoint.bin.partial"), FullDevice.Path);
        using (var run = Open(Recipe(), "run"))
        {
            var error = Assert.Throws<IOException>(() => run.Run());
            Assert.Contains("The checkpoint of step 8 can't be written", error.Message, StringComparison.Ordinal);
            Assert.Contains("that of step 4 is kept", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(good, File.ReadAllBytes(PathOf("run", "checkpoint.bin")));
        Finish(Recipe(), "run");
        Assert.Equal(12, Losses("run").Length);
    }

    [Fact]
    public void A_training_that_diverges_stops_and_keeps_the_last_checkpoint()
    {
        var recipe = Recipe(("rate: 1e-2", "rate: 1e4\n  clip: 1e9\n  weight_decay: 0"), ("checkpoint_every: 4", "checkpoint_every: 1"));
        var error = Assert.Throws<DivergenceException>(() => Finish(recipe, "run"));
        Assert.Contains("the training diverged", error.Message, StringComparison.Ordinal);
        Assert.Contains("try a lower learning rate", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(PathOf("run", "checkpoint.bin")));
        Assert.False(File.Exists(PathOf("run", "model.gguf")));
    }

    [Fact]
    public void A_folder_belongs_to_one_process_at_a_time()
    {
        using var run = Open(Recipe(), "run");
        Assert.Contains(
            "another process trains here", Assert.Throws<IOException>(() => Open(Recipe(), "run")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_refused_before_anything_is_computed()
    {
        AssertRefused<RecipeException>("small.yaml:23:12: context: a context of 65 tokens is more than the model's 64", ("context: 32", "context: 65"));
        AssertRefused<RecipeException>("small.yaml:2:14: tokenizer: there is no file or folder ", ("tokenizer: tokenizer.tiktoken", "tokenizer: nowhere"));
        AssertRefused<RecipeException>(
            ": path: source 'letters': there is no file or folder", ("path: letters.jsonl", "path: nowhere.jsonl"));
        AssertRefused<RecipeException>(
            "small.yaml:4:5: new: its ", ("hidden_size: 16", "hidden_size: 8192"), ("intermediate_size: 24", "intermediate_size: 20000"),
            ("layers: 1", "layers: 10000"));
        // 2²² tokens of 19,728 numbers: those of eight layers, of the streams between them, and of gradients on their way back.
        AssertRefused<RecipeException>(
            "batch: 65536 rows need 330980917248 bytes in a step beside ", ("hidden_size: 16", "hidden_size: 256"),
            ("intermediate_size: 24", "intermediate_size: 512"), ("layers: 1", "layers: 8"), ("context: 32", "context: 64"),
            ("batch: 2", "batch: 65536"));

        void AssertRefused<T>(string expected, params (string, string)[] changes)
            where T : TrainingException =>
            Assert.Contains(expected, Assert.Throws<T>(() => Open(Recipe(changes), "run")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("experts:\n      count: 3\n      intermediate_size: 8\n      every: 2")]
    [InlineData("rope_scaling:\n      factor: 8\n      original_context_length: 32")]
    [InlineData("rope_scaling:\n      type: yarn\n      factor: 4\n      original_context_length: 16")]
    [InlineData("rope_scaling:\n      type: linear\n      factor: 2")]
    public void Every_kind_of_layer_is_trained_from_nothing_and_computed_alike_from_each_file(string fields)
    {
        // Four layers, so that one is without rotation and two have experts.
        var shape = ("layers: 1", "layers: 4\n    " + fields);
        var recipe = Recipe(shape);
        Finish(recipe, "whole");
        Assert.Throws<OperationCanceledException>(() => RunUntil(recipe, "parts", 5));
        Finish(recipe, "parts");
        Assert.Equal(File.ReadAllBytes(PathOf("whole", "model.gguf")), File.ReadAllBytes(PathOf("parts", "model.gguf")));
        Assert.True(Losses("whole")[^1].Loss < Losses("whole")[0].Loss);
        Finish(Recipe(shape, ("folder: run", "folder: run\n  format: safetensors")), "folder");

        var ids = Corpus.Vocabulary.Tokenizer.Encode("abcdefgh abcdefgh");
        using var source = ModelSource.Open(PathOf("whole", "model.gguf"));
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var trained = TrainableModel.Load(source);
        var expected = new float[ids.Length * trained.Config.VocabularySize];
        new GradientPass(trained, context).ComputeLogits(TrainingBatch.Create([(ids, ids)], trained.Config), expected);
        foreach (var path in (string[])[PathOf("whole", "model.gguf"), PathOf("folder", "model")])
        {
            using var model = LlamaModel.Load(path, KernelTier.Simd, 1);
            using var evaluator = new SequenceEvaluator(model, ids.Length);
            var logits = new List<float>();
            evaluator.Evaluate(ids, 0, row => logits.AddRange(row));
            Assert.InRange(expected.Zip(logits, (a, b) => MathF.Abs(a - b)).Max(), 0, 1e-4f);
            var experts = fields.StartsWith("experts", StringComparison.Ordinal);
            Assert.Equal(experts ? "1 3" : "", string.Join(' ', model.Config.Experts?.Layers ?? []));
            Assert.Equal(experts, model.Config.NormalizesHeads);
        }
    }

    [Theory]
    [InlineData("safetensors", "F16", "model")]
    [InlineData("gguf", "BF16", "model.gguf")]
    public void A_trained_model_is_written_and_loads_as_what_it_was(string format, string type, string name)
    {
        var recipe = Recipe(("folder: run", $"folder: run\n  format: {format}\n  type: {type}"), ("steps: 12", "steps: 1"));
        Finish(recipe, "run");
        using var source = ModelSource.Open(PathOf("run", name));
        var tokenizer = source.ReadTokenizer();
        var config = source.ReadConfig(tokenizer);
        Assert.Equal((1, 16, 64), (config.LayerCount, config.HiddenSize, config.ContextLength));
        Assert.Equal(Corpus.Vocabulary.Tokenizer.Encode("the llama"), tokenizer!.Encode("the llama"));
        Assert.Contains(source.Tensors, tensor => tensor.TypeName == type);
        Assert.False(File.Exists(PathOf("run", "weights.gguf")));
    }

    [Theory]
    [InlineData("adapter")]
    [InlineData("gguf")]
    public void A_model_is_tuned_through_an_adapter(string format)
    {
        Finish(Recipe(), "base");
        var tune = Recipe(
            ("""
               tokenizer: tokenizer.tiktoken
               new:
                 hidden_size: 16
                 intermediate_size: 24
                 layers: 1
                 heads: 2
                 key_value_heads: 1
                 context_length: 64
             """, "  parent: base/model.gguf"),
            ("rate: 1e-2", "rate: 3e-2\nadapter:\n  rank: 2\n  dropout: 0.1\n  targets: [q_proj, down_proj]"),
            ("folder: run", $"folder: run\n  format: {format}"));
        WriteSource("hgfedcba");
        Finish(tune, "whole");
        Assert.Throws<OperationCanceledException>(() => RunUntil(tune, "parts", 5));
        Finish(tune, "parts");
        Assert.Equal(Losses("whole"), Losses("parts"));
        Assert.True(Losses("whole")[^1].Loss < Losses("whole")[0].Loss);
        if (format == "gguf")
        {
            Assert.NotEqual(File.ReadAllBytes(PathOf("base", "model.gguf")), File.ReadAllBytes(PathOf("whole", "model.gguf")));
            return;
        }
        using var source = ModelSource.Open(PathOf("base", "model.gguf"));
        var adapter = LowRankAdapter.Read(PathOf("whole", "adapter"), TrainableModel.Load(source));
        Assert.Equal((2, 4.0, 0.1), (adapter.Config.Rank, adapter.Config.Alpha, adapter.Config.Dropout));
        Assert.Equal(4, adapter.Parameters.Count());
    }

    [Fact]
    public void A_run_leaves_its_recipe_its_numbers_and_a_picture_of_them()
    {
        Finish(Recipe(("steps: 12", "epochs: 2.5")), "run");
        var losses = Losses("run");
        var recipe = Recipe(("steps: 12", "epochs: 2.5"));
        var kept = File.ReadAllText(PathOf("run", "recipe.yaml"));
        Assert.StartsWith($"# {recipe.Path} as it was understood; paths are relative", kept, StringComparison.Ordinal);
        Assert.Equal(RecipeWriter.Write(recipe), kept[(kept.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(recipe.ComputeDigest(), RecipeReader.Read(recipe.Path, kept).ComputeDigest());
        Assert.Equal(Enumerable.Range(1, losses.Length).Select(step => (long)step), losses.Select(point => point.Step));
        Assert.Equal(
            losses.Where(point => point.Step % 4 == 0 || point.Step == losses.Length), losses.Where(point =>
                point.ValidationLoss is not null));
        var page = File.ReadAllText(PathOf("run", "loss.html"));
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.Contains("class=\"validation\" d=\"M", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        var line = JsonSerializer.Deserialize<JsonElement>(File.ReadLines(PathOf("run", "metrics.jsonl")).First());
        Assert.True(line.GetProperty("gradient_norm").GetDouble() > 0 && line.GetProperty("tokens").GetInt64() > 0);
    }

    [Fact]
    public void A_model_s_file_says_what_its_recipe_says_of_it_and_what_it_was_made_from()
    {
        var said = ("folder: run", "folder: run\n  type: F16\n  licence: CC0-1.0\n  author: We\n  description: Letters.");
        Finish(Recipe(said), "base");
        using (var source = ModelSource.Open(PathOf("base", "model.gguf")))
            Assert.Equal("small, CC0-1.0, We, Letters., ", Said(source));
        const string New = "tokenizer: tokenizer.tiktoken\n  new:\n    hidden_size: 16\n    intermediate_size: 24\n    layers: 1\n    heads: 2\n"
            + "    key_value_heads: 1\n    context_length: 64";
        Finish(Recipe((New, "parent: base/model.gguf"), ("folder: run", "folder: run\n  author: They")), "tuned");
        using (var source = ModelSource.Open(PathOf("tuned", "model.gguf")))
            Assert.Equal("small, CC0-1.0, They, Letters., small", Said(source));

        static string Said(ModelSource source) => string.Join(
            ", ", new[] { "general.name", "general.license", "general.author", "general.description", "general.base_model.0.name" }
                .Select(source.Metadata.FindString));
    }

    private string PathOf(params string[] parts) => _folder.PathOf(parts);

    private void WriteSource(string letters) => File.WriteAllLines(
        PathOf("letters.jsonl"), Enumerable.Range(0, 30).Select(line => $$"""{"text":"{{letters[(line % 8)..]}}{{letters}} {{line}}"}"""));

    private Recipe Recipe(params (string From, string To)[] changes)
    {
        var text = RecipeTests.Small;
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }
        return RecipeReader.Read(PathOf("small.yaml"), text);
    }

    private TrainingRun Open(Recipe recipe, string folder, int threads = 1) =>
        TrainingRun.Open(recipe, PathOf(folder), threads, TimeProvider.System);

    private void Finish(Recipe recipe, string folder, int threads = 1)
    {
        using var run = Open(recipe, folder, threads);
        run.Run();
    }

    private void RunUntil(Recipe recipe, string folder, long step, bool crashes = false)
    {
        using var run = Open(recipe, folder);
        using var cancellation = new CancellationTokenSource();
        if (run.Step >= step)
            cancellation.Cancel();
        run.Run(new Watcher(progress =>
        {
            if (progress.Step < step)
                return;
            if (crashes)
                throw new InvalidTimeZoneException("A crash.");
            cancellation.Cancel();
        }), cancellation.Token);
    }

    private MetricsPoint[] Losses(string folder) => [.. MetricsFile.ReadAll(PathOf(folder, "metrics.jsonl"))];

    private sealed class Watcher(Action<TrainingProgress> watch) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => watch(value);
    }
}
