using System.Text.Json.Nodes;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training.Tests;

public sealed class LowRankAdapterTests
{
    private static readonly AdapterConfig Config = new() { Rank = 3, Alpha = 6, Dropout = 0.3 };

    [Fact]
    public void A_new_adapter_changes_nothing()
    {
        var model = Shapes.Create("grouped queries");
        var batch = Shapes.Batch(model, 30);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var before = new GradientPass(model, context).Evaluate(batch);
        model.Attach(LowRankAdapter.Create(model, Config, seed: 1));
        Assert.Equal(before, new GradientPass(model, context).Evaluate(batch), 1e-6);
        Assert.Equal(2 * 7 * model.Config.LayerCount, model.TrainableParameters.Count());
        Assert.All(model.Parameters, parameter => Assert.Empty(parameter.Gradient));
    }

    [Theory]
    [InlineData("grouped queries")]
    [InlineData("experts")]
    public void What_is_written_is_read_again(string name)
    {
        using var folder = new TemporaryFolder();
        var (model, other) = (Shapes.Create(name), Shapes.Create(name));
        model.Attach(LowRankAdapter.Create(model, Config with { Targets = ["q_proj", "down_proj"] }, seed: 1));
        var random = new Random(1);
        foreach (var parameter in model.TrainableParameters)
        {
            foreach (ref var value in parameter.Values.AsSpan())
                value = random.NextSingle();
        }
        model.Adapter!.Write(folder.PathOf("adapter"), model);
        other.Attach(LowRankAdapter.Read(folder.PathOf("adapter"), other));
        Assert.Equal(
            model.TrainableParameters.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => (p.Name, string.Join(' ', p.Values))),
            other.TrainableParameters.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => (p.Name, string.Join(' ', p.Values))));
        Assert.Equal(model.Adapter.Config.Scaling, other.Adapter!.Config.Scaling);
        Assert.Equal(model.Adapter.Config.Targets.AsEnumerable(), other.Adapter.Config.Targets);
    }

    [Fact]
    public void Dropout_follows_from_its_seed_alone()
    {
        var model = WithAdapter();
        var batch = Shapes.Batch(model, 40);
        var first = Shapes.Compute(model, [batch], threads: 1, dropoutSeed: 5);
        var again = Shapes.Compute(model, [batch], threads: 3, recompute: true, dropoutSeed: 5);
        var other = Shapes.Compute(model, [batch], dropoutSeed: 6);
        var none = Shapes.Compute(model, [batch]);
        Assert.Equal(first.Gradients, again.Gradients);
        Assert.NotEqual(first.Loss, other.Loss);
        Assert.NotEqual(first.Loss, none.Loss);
    }

    [Fact]
    public void Gradients_under_dropout_are_the_slope_of_the_loss_under_the_same_dropout()
    {
        var model = WithAdapter();
        var batch = Shapes.Batch(model, 40);
        var (_, gradients) = Shapes.Compute(model, [batch], dropoutSeed: 5);
        var length = Math.Sqrt(gradients.Sum(g => (double)g * g));
        var step = Math.Min(0.02 / length, 0.01);
        Assert.InRange((Loss(step) - Loss(-step)) / (2 * step) / length, 0.98, 1.02);

        double Loss(double distance)
        {
            Move(distance);
            var loss = Shapes.Compute(model, [batch], dropoutSeed: 5).Loss;
            Move(-distance);
            return loss;
        }

        void Move(double distance)
        {
            var i = 0;
            foreach (var parameter in model.TrainableParameters)
            {
                foreach (ref var value in parameter.Values.AsSpan())
                    value += (float)(distance * gradients[i++] / length);
            }
        }
    }

    [Theory]
    [InlineData("r", "0", "r: 0 is not between")]
    [InlineData("r", "5", "the model and the adapter's rank ask for [")]
    [InlineData("lora_alpha", "-1", "lora_alpha")]
    [InlineData("use_dora", "true", "use_dora")]
    [InlineData("alora_invocation_tokens", "[5, 6]", "alora_invocation_tokens")]
    [InlineData("layer_replication", "[[0, 2], [1, 3]]", "layer_replication")]
    [InlineData("use_qalora", "true", "use_qalora")]
    [InlineData("peft_type", "\"IA3\"", "peft_type")]
    [InlineData("lora_dropout", "1", "lora_dropout")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "modules_to_save")]
    [InlineData("rank_pattern", "{\"q_proj\": 8}", "rank_pattern")]
    public void An_adapter_that_is_not_computed_is_refused_by_its_field(string field, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        var model = WithAdapter();
        model.Adapter!.Write(folder.PathOf("a"), model);
        var path = folder.PathOf("a", "adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[field] = JsonNode.Parse(value);
        File.WriteAllText(path, config.ToJsonString());
        var error = Assert.Throws<ModelFormatException>(() => LowRankAdapter.Read(folder.PathOf("a"), Shapes.Create("grouped queries")));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        var model = WithAdapter();
        model.Adapter!.Write(folder.PathOf("a"), model);
        Assert.Throws<ModelFormatException>(() => LowRankAdapter.Read(folder.PathOf("a"), Shapes.Create("part of a head rotated")));
        Assert.Throws<ModelFormatException>(() => LowRankAdapter.Read(folder.PathOf("a"), Shapes.Create("experts")));
    }

    [Fact]
    public void Damaged_adapters_never_crash()
    {
        using var folder = new TemporaryFolder();
        var model = WithAdapter();
        model.Adapter!.Write(folder.PathOf("a"), model);
        var path = folder.PathOf("a", "adapter_model.safetensors");
        var bytes = File.ReadAllBytes(path);
        var random = new Random(9);
        for (var round = 0; round < 300; round++)
        {
            var damaged = (byte[])bytes.Clone();
            for (var i = 0; i < 3; i++)
                damaged[random.Next(round % 2 == 0 ? 2000 : damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, damaged[..(round % 5 == 0 ? random.Next(damaged.Length) : damaged.Length)]);
            try
            {
                LowRankAdapter.Read(folder.PathOf("a"), Shapes.Create("grouped queries"));
            }
            catch (ModelFormatException)
            {
            }
        }
    }

    private static TrainableModel WithAdapter()
    {
        var model = Shapes.Create("grouped queries");
        model.Attach(LowRankAdapter.Create(model, Config, seed: 1));
        var random = new Random(2);
        foreach (var parameter in model.TrainableParameters.Where(parameter => parameter.Name.EndsWith("lora_b", StringComparison.Ordinal)))
        {
            foreach (ref var value in parameter.Values.AsSpan())
                value = random.NextSingle() - 0.5f;
        }
        return model;
    }
}
