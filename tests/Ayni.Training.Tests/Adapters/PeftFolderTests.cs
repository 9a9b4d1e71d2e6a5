using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>
/// What is written for PEFT, read by its documentation alone and with none of Ayni's readers: <c>adapter_config.json</c>, then for every
/// adapted module <c>base_model.model.MODULE.lora_A.weight [r, in]</c> and <c>.lora_B.weight [out, r]</c>, and
/// <c>W + scaling · B·A</c> with <c>scaling = lora_alpha / r</c>, or over <c>√r</c> where <c>use_rslora</c> says so.
/// </summary>
public sealed class PeftFolderTests
{
    [ConformanceTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Merging_by_the_documentation_gives_the_merged_model(bool usesRankRoot)
    {
        using var folder = new TemporaryFolder();
        var reference = new TrainingCase("llama3-micro");
        using var source = ModelSource.Open(reference.Folder);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var model = TrainableModel.Load(source);
        var config = new AdapterConfig
        {
            Rank = 3,
            Alpha = 8,
            UsesRankRoot = usesRankRoot,
            Targets = ["q_proj", "k_proj", "v_proj", "o_proj", "down_proj"],
        };
        model.Attach(LowRankAdapter.Create(model, config, seed: 1));
        var random = new Random(2);
        foreach (var value in model.TrainableParameters)
        {
            foreach (ref var number in value.Values.AsSpan())
                number = random.NextSingle() - 0.5f;
        }
        model.Adapter!.Write(folder.PathOf("adapter"), model);
        model.Merge(context);
        ParameterFile.WriteValues(folder.PathOf("merged.safetensors"), source, model);

        var weights = Read(reference.PathOf("model.safetensors"));
        var merged = Read(folder.PathOf("merged.safetensors"));
        var changed = MergeByDocumentation(folder.PathOf("adapter"), weights);
        Assert.Equal(5 * model.Config.LayerCount, changed);
        Assert.Equal(weights.Keys.Order(StringComparer.Ordinal), merged.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, (shape, expected)) in weights)
        {
            Assert.Equal(shape, merged[name].Shape);
            Assert.InRange(expected.Zip(merged[name].Values, (e, a) => Math.Abs(e - a)).Max(), 0, 1e-6);
        }
    }

    /// <summary>Changes the weights as the folder says; returns how many modules it adapts.</summary>
    private static int MergeByDocumentation(string folder, Dictionary<string, (long[] Shape, double[] Values)> weights)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json")));
        var config = document.RootElement;
        Assert.Equal("LORA", config.GetProperty("peft_type").GetString());
        Assert.Equal("none", config.GetProperty("bias").GetString());
        Assert.False(config.GetProperty("fan_in_fan_out").GetBoolean());
        var rank = config.GetProperty("r").GetInt32();
        var usesRankRoot = config.TryGetProperty("use_rslora", out var flag) && flag.GetBoolean();
        var scaling = config.GetProperty("lora_alpha").GetDouble() / (usesRankRoot ? Math.Sqrt(rank) : rank);
        var targets = config.GetProperty("target_modules").EnumerateArray().Select(target => target.GetString()!).ToHashSet();

        var factors = Read(Path.Combine(folder, "adapter_model.safetensors"));
        const string Prefix = "base_model.model.", Down = ".lora_A.weight", Up = ".lora_B.weight";
        var modules = factors.Keys.Where(name => name.EndsWith(Down, StringComparison.Ordinal)).Select(name => name[..^Down.Length]).ToList();
        Assert.Equal(factors.Count, 2 * modules.Count);
        foreach (var module in modules)
        {
            Assert.StartsWith(Prefix, module, StringComparison.Ordinal);
            Assert.Contains(module.Split('.')[^1], targets);
            var (shape, values) = weights[module[Prefix.Length..] + ".weight"];
            var ((downShape, down), (upShape, up)) = (factors[module + Down], factors[module + Up]);
            Assert.Equal([rank, shape[1]], downShape);
            Assert.Equal([shape[0], rank], upShape);
            for (var i = 0; i < values.Length; i++)
            {
                var (row, column) = (i / shape[1], i % shape[1]);
                for (var k = 0; k < rank; k++)
                    values[i] += scaling * up[row * rank + k] * down[k * shape[1] + column];
            }
        }
        return modules.Count;
    }

    /// <summary>All tensors of a safetensors file of float32: a length, a JSON header, then the numbers.</summary>
    private static Dictionary<string, (long[] Shape, double[] Values)> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var document = JsonDocument.Parse(bytes.AsMemory(8, header));
        return document.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__").ToDictionary(
            tensor => tensor.Name,
            tensor =>
            {
                Assert.Equal("F32", tensor.Value.GetProperty("dtype").GetString());
                var offsets = tensor.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32()).ToArray();
                var data = bytes.AsSpan(8 + header + offsets[0], offsets[1] - offsets[0]);
                return (
                    tensor.Value.GetProperty("shape").EnumerateArray().Select(length => length.GetInt64()).ToArray(),
                    MemoryMarshal.Cast<byte, float>(data).ToArray().Select(value => (double)value).ToArray());
            },
            StringComparer.Ordinal);
    }
}
