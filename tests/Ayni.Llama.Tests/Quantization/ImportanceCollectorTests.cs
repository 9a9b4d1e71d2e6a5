using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class ImportanceCollectorTests
{
    [Fact]
    public void The_sums_are_those_of_a_direct_computation()
    {
        using var file = new TemporaryModel(new TinyModel());
        const int Context = 12;
        int[] ids = [1, .. Enumerable.Range(0, 40).Select(i => 259 + i * i % 27)];
        var expected = new Dictionary<string, double[]>();
        var plain = new PlainTransformer(file.Path) { Observe = (name, inputs) => Add(expected, name, inputs) };
        for (var start = 0; start + Context <= ids.Length; start += Context)
            plain.Logits([1, .. ids[(start + 1)..(start + Context)]]);

        using var model = LlamaModel.Load(file.Path, KernelTier.Simd, threads: 2);
        var reports = new List<double>();
        var collected = ImportanceCollector.Collect(model, ids, Context, "letters", new Collector(reports));

        Assert.Equal(expected.Keys.Where(name => name != "output.weight").Order(), collected.Entries.Select(entry => entry.Name).Order());
        foreach (var entry in collected.Entries)
        {
            Assert.Equal([3 * Context], entry.Counts.ToArray());
            var sums = expected[entry.Name];
            Assert.Equal(sums.Length, entry.SquareSums.Length);
            Assert.All(sums.Zip(entry.SquareSums), pair => Assert.InRange(pair.Second, pair.First * 0.999 - 1e-6, pair.First * 1.001 + 1e-6));
        }
        Assert.Equal((3, Context, "letters"), (collected.ChunkCount, collected.ChunkSize, Assert.Single(collected.Datasets)));
        Assert.Equal([1.0 / 3, 2.0 / 3, 1], reports);
        Assert.All(model.Weights.Projections, projection => Assert.Null(projection.Statistics));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImportanceCollector.Collect(model, ids, ids.Length + 1, ""));
    }

    [ConformanceTheory]
    [InlineData("llama4-scout-like")]
    [InlineData("llama4-maverick-like")]
    public void Each_expert_sums_up_the_tokens_that_went_to_it(string name)
    {
        var item = ReferenceModel.Case(name, "start0");
        var ids = ReferenceModel.Integers(item.GetProperty("ids"));
        using var model = ReferenceModel.Load(name);
        var collected = ImportanceCollector.Collect(model, ids, ids.Length, "ids");
        var layers = model.Config.Experts!.Layers;
        var experts = model.Config.Experts.Count;
        var chosen = item.GetProperty("expert_ids_per_moe_layer").EnumerateArray().Select(ReferenceModel.Integers).ToArray();
        for (var i = 0; i < layers.Length; i++)
        {
            var block = $"blk.{layers[i]}.";
            var counts = Enumerable.Range(0, experts).Select(expert => (float)chosen[i].Count(id => id == expert));
            var (gate, up, down) = (Entry("ffn_gate_exps"), Entry("ffn_up_exps"), Entry("ffn_down_exps"));
            Assert.Equal(counts, gate.Counts.AsEnumerable());
            Assert.Equal(counts, down.Counts.AsEnumerable());
            Assert.Equal(gate.SquareSums.ToArray(), up.SquareSums.ToArray());
            Assert.Equal([ids.Length], Entry("ffn_gate_shexp").Counts.ToArray());
            Assert.Equal(Entry("ffn_gate_inp").SquareSums.ToArray(), Entry("ffn_up_shexp").SquareSums.ToArray());

            // What goes to an expert is the router's input times a factor below 1.
            var routed = Enumerable.Range(0, gate.SquareSums.Length / experts)
                .Select(column => Enumerable.Range(0, experts).Sum(expert => gate.SquareSums[expert * (gate.SquareSums.Length / experts) + column]));
            Assert.All(routed.Zip(Entry("ffn_gate_inp").SquareSums), pair => Assert.InRange(pair.First, pair.Second * 1e-3, pair.Second));

            ImportanceEntry Entry(string part) => collected.Find($"{block}{part}.weight")!;
        }
    }

    [ConformanceFact]
    public void One_tokens_sums_are_those_of_the_router_times_one_factor()
    {
        using var model = ReferenceModel.Load("llama4-scout-like");
        var collected = ImportanceCollector.Collect(model, [7], 1, "one token");
        var router = collected.Find("blk.0.ffn_gate_inp.weight")!.SquareSums;
        var gate = collected.Find("blk.0.ffn_gate_exps.weight")!;
        var expert = gate.Counts.IndexOf(1);
        Assert.Equal(1, gate.Counts.Sum());
        var columns = router.Length;
        var factor = gate.SquareSums[expert * columns] / router[0];
        Assert.InRange(factor, 1e-3, 1);
        for (var i = 0; i < gate.SquareSums.Length; i++)
            Assert.Equal(i / columns == expert ? factor * router[i % columns] : 0, gate.SquareSums[i], 1e-5 * router[i % columns]);
    }

    private static void Add(Dictionary<string, double[]> sums, string name, double[][] inputs)
    {
        if (!sums.TryGetValue(name, out var squares))
            sums[name] = squares = new double[inputs[0].Length];
        foreach (var input in inputs)
        {
            for (var column = 0; column < input.Length; column++)
                squares[column] += input[column] * input[column];
        }
    }

    private sealed class Collector(List<double> reports) : IProgress<double>
    {
        public void Report(double value) => reports.Add(value);
    }
}
