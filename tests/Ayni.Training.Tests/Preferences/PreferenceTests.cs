using System.Text.Json;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training.Tests;

public sealed class PreferenceTests : IDisposable
{
    private const double Beta = 0.3;

    private readonly Corpus _corpus = new();

    public void Dispose() => _corpus.Dispose();

    /// <summary>
    /// Worked by hand: the chosen answer has gained 2 nats and the rejected one lost 1, so the margin is 0.1 · 3, the loss log(1 + e^-0.3)
    /// and its slope 0.1 · σ(-0.3).
    /// </summary>
    [Fact]
    public void A_pair_s_loss_is_that_of_its_margin()
    {
        var (loss, slope) = PreferenceLoss.Of(chosen: 10, rejected: 15, chosenBefore: 12, rejectedBefore: 14, beta: 0.1);
        Assert.Equal(0.5543552444685271, loss, 1e-12);
        Assert.Equal(0.04255574831883411, slope, 1e-12);
        Assert.Equal((Math.Log(2), 0.05), PreferenceLoss.Of(3, 4, 3, 4, 0.1));
        Assert.Equal((500, 0.5), PreferenceLoss.Of(2000, 0, 1000, 0, 0.5));
        Assert.Equal(0, PreferenceLoss.Of(0, 2000, 1000, 0, 0.5).Loss, 1e-12);
    }

    [Theory]
    [InlineData("grouped queries", false)]
    [InlineData("grouped queries", true)]
    [InlineData("experts", false)]
    public void Gradients_are_the_slope_of_the_loss(string name, bool recompute)
    {
        var (model, batch) = Pairs(name);
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var pass = new GradientPass(model, context, recompute);
        var loss = pass.AddPreferenceGradients(batch, batch.PairCount, Beta) / batch.PairCount;
        Assert.Equal(pass.EvaluatePreferences(batch, Beta) / batch.PairCount, loss, 1e-5);
        float[] gradients = [.. model.TrainableParameters.SelectMany(parameter => parameter.Gradient)];
        var length = Math.Sqrt(gradients.Sum(value => (double)value * value));
        var step = 0.01 / length;
        var slope = (LossAt(step) - LossAt(-step)) / (2 * step) / length;
        Assert.InRange(slope, 0.98, 1.02);

        // Along the gradient; the derivative there is its length.
        double LossAt(double distance)
        {
            Move(distance);
            var moved = pass.EvaluatePreferences(batch, Beta) / batch.PairCount;
            Move(-distance);
            return moved;
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

    [Fact]
    public void A_new_adapter_prefers_nothing_and_steps_teach_it_to()
    {
        var (model, batch) = Pairs("grouped queries", isNew: true);
        foreach (var threads in (int[])[1, 3])
        {
            using var context = new ComputeContext(KernelTier.Simd, threads);
            Assert.Equal(Math.Log(2), new GradientPass(model, context).EvaluatePreferences(batch, Beta) / batch.PairCount, 1e-5);
        }
        using var team = new ComputeContext(KernelTier.Simd, 2);
        var pass = new GradientPass(model, team);
        var optimizer = new AdamW(model.TrainableParameters, new AdamWSettings { WeightDecay = 0 }, team);
        var step = new TrainingStep(model, pass, optimizer, 1, team, Beta);
        StepResult result = default;
        for (var i = 0; i < 20; i++)
            result = step.Run([batch], 1e-2);
        Assert.Equal(batch.LossTerms, result.LossTerms);
        Assert.InRange(result.Loss, 0, 0.4);
    }

    [Fact]
    public void Pairs_come_back_from_the_shard_side_by_side()
    {
        _corpus.Write(
            "pairs.jsonl",
            """{"prompt":"Who are you?","chosen":"A llama of the Andes.","rejected":"No."}""",
            """{"prompt":[{"role":"system","content":"Be brief."},{"role":"user","content":"2 + 3?"}],"chosen":[{"role":"assistant","content":"5"}],"rejected":"It is 6, I think."}""");
        using var shard = _corpus.Shard(Corpus.Source("pairs.jsonl", DataFormat.Preferences));
        var rows = PackedRows.OfPairs(shard, [0, 1], 60, "pairs", 0);
        Assert.Equal(2, rows.Count);
        var documents = new List<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)>();
        rows.AddTo(documents, 0);
        rows.AddTo(documents, 1);
        var tokenizer = Corpus.Vocabulary.Tokenizer;
        Assert.Equal(
            ["A llama of the Andes.<|eot_id|>", "No.<|eot_id|>", "5<|eot_id|>", "It is 6, I think.<|eot_id|>"],
            documents.Select(document => tokenizer.Decode([.. document.Labels.ToArray().Where(label => label != TrainingBatch.Masked)])));
        Assert.Equal(TrainingBatch.Create(documents, Corpus.Config).LossTerms, rows.CountLearned(0) + rows.CountLearned(1));
        Assert.All(documents, document => Assert.Equal(tokenizer.BeginOfText, document.Ids.Span[0]));
        Assert.Equal(2, TrainingBatch.Create(documents, Corpus.Config).PairCount);
        Assert.Contains(
            "source 'pairs': pair 2 has", Assert.Throws<DataException>(() => PackedRows.OfPairs(shard, [1], 10, "pairs", 0)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chosen":"a","rejected":"b"}""", "\"prompt\" as a string")]
    [InlineData("""{"prompt":"a","rejected":"b"}""", "\"chosen\" as a string")]
    [InlineData("""{"prompt":"a","chosen":"b","rejected":[{"role":"user","content":"b"}]}""", "\"rejected\" is a string or an array")]
    [InlineData("""{"prompt":"a","chosen":" ","rejected":"b"}""", "\"chosen\" is empty")]
    [InlineData("""{"prompt":"a","chosen":"b","rejected":[{"role":"assistant","content":"b"}]}""", "\"chosen\" and \"rejected\" say the same")]
    [InlineData("""{"prompt":[],"chosen":"b","rejected":"c"}""", "messages")]
    public void A_line_that_is_no_pair_is_named(string line, string problem)
    {
        var path = _corpus.Write("pairs.jsonl", line);
        var error = Assert.Throws<DataException>(() => _corpus.Shard(Corpus.Source("pairs.jsonl", DataFormat.Preferences)));
        Assert.StartsWith($"{path}, line 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static (TrainableModel Model, TrainingBatch Batch) Pairs(string name, bool isNew = false)
    {
        var model = Shapes.Create(name);
        model.Attach(LowRankAdapter.Create(model, new AdapterConfig { Rank = 2, Alpha = 4 }, seed: 3));
        var random = new Random(8);
        foreach (var parameter in model.TrainableParameters.Where(_ => !isNew))
        {
            foreach (ref var value in parameter.Values.AsSpan())
                value += (random.NextSingle() - 0.5f) / 5;
        }
        return (model, Shapes.Batch(model, 12, 9, 15, 20));
    }
}
