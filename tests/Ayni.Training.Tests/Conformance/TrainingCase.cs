using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>One folder of the reference data for training.</summary>
internal sealed class TrainingCase
{
    private readonly string _folder;
    private readonly JsonElement _expected;

    public TrainingCase(string name)
    {
        _folder = name;
        using var document = JsonDocument.Parse(File.ReadAllText(PathOf("expected.json")));
        _expected = document.RootElement.Clone();
    }

    public string Folder => Ayni.Tests.Conformance.PathOf("training", _folder);

    public double[] Losses => [.. Numbers("loss_before_step"), _expected.GetProperty("loss_after_5").GetDouble()];

    public double[] GradientNorms => Numbers("grad_norm_before_clip");

    public double Rate => Optimizer("lr");

    public AdamWSettings Settings => new()
    {
        Beta1 = Optimizer("beta1"),
        Beta2 = Optimizer("beta2"),
        Epsilon = Optimizer("eps"),
        WeightDecay = Optimizer("weight_decay"),
    };

    public double ClipNorm => Optimizer("grad_clip_global_l2");

    public (ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)[] Rows =>
        [.. Integers("ids").Zip(Integers("labels"), (ids, labels) => ((ReadOnlyMemory<int>)ids, (ReadOnlyMemory<int>)labels))];

    public string PathOf(string file) => Path.Combine(Folder, file);

    public TrainingBatch Batch(LlamaConfig config) => TrainingBatch.Create(Rows, config);

    /// <summary>All tensors of a safetensors file of floats.</summary>
    public static SortedDictionary<string, float[]> ReadTensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return new(
            file.Tensors.ToDictionary(
                tensor => tensor.Name, tensor => MemoryMarshal.Cast<byte, float>(file.Data(tensor).Span(0, (int)tensor.Bytes)).ToArray()),
            StringComparer.Ordinal);
    }

    /// <summary>Asserts the README's tolerance of gradients.</summary>
    public static void AssertGradientsEqual(string expected, string actual) => AssertTensors(expected, actual, (name, difference, _) =>
        Assert.True(difference.Max(Math.Abs) <= 2e-5, $"{name}: {difference.Max(Math.Abs)}"));

    /// <summary>Asserts the README's tolerance of parameters after steps: single entries may be far off, all together not.</summary>
    public static void AssertParametersEqual(string expected, string actual)
    {
        var (squares, count) = (0.0, 0L);
        AssertTensors(expected, actual, (name, difference, _) =>
        {
            Assert.True(difference.Max(Math.Abs) <= 3e-4, $"{name}: {difference.Max(Math.Abs)}");
            squares += difference.Sum(d => d * d);
            count += difference.Length;
        });
        Assert.InRange(Math.Sqrt(squares / count), 0, 2e-6);
    }

    private static void AssertTensors(string expected, string actual, Action<string, double[], float[]> assert)
    {
        var (expectedTensors, actualTensors) = (ReadTensors(expected), ReadTensors(actual));
        Assert.Equal(expectedTensors.Keys, actualTensors.Keys);
        foreach (var (name, values) in expectedTensors)
        {
            Assert.Equal(values.Length, actualTensors[name].Length);
            assert(name, [.. values.Zip(actualTensors[name], (e, a) => (double)e - a)], values);
        }
    }

    private double Optimizer(string name) => _expected.GetProperty("optimizer").GetProperty(name).GetDouble();

    private double[] Numbers(string name) => [.. _expected.GetProperty(name).EnumerateArray().Select(item => item.GetDouble())];

    private int[][] Integers(string name) =>
        [.. _expected.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(item => item.GetInt32()).ToArray())];
}
