using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

public sealed class GradientsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("gradients.safetensors");

    public void Dispose() => _folder.Dispose();

    [ConformanceTheory]
    [InlineData("llama3-micro")]
    [InlineData("llama3-micro-tied")]
    [InlineData("llama4-micro")]
    public async Task A_model_s_gradients_are_those_of_the_reference(string name)
    {
        var folder = Conformance.PathOf("training", name);
        var expected = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(folder, "expected.json")));
        var batch = Path.Combine(folder, "expected.json");
        var result = (await AyniCommand.RunAsync("gradients", "--model", folder, "--batch", batch, "--out", Out, "--json")).Succeeded();
        Assert.Equal(expected.GetProperty("loss_before_step")[0].GetDouble(), result.Json.GetProperty("loss").GetDouble(), 2e-5);
        Assert.Equal(expected.GetProperty("loss_terms").GetInt32(), result.Json.GetProperty("loss_terms").GetInt32());
        AssertTensorsEqual(Path.Combine(folder, "grads.safetensors"), Out);
    }

    [ConformanceFact]
    public async Task An_adapter_s_gradients_are_those_of_the_reference()
    {
        var folder = Conformance.PathOf("training", "llama3-micro-lora");
        var result = await AyniCommand.RunAsync(
            "gradients", "--model", Conformance.PathOf("training", "llama3-micro"), "--batch", Path.Combine(folder, "expected.json"),
            "--adapter", folder,
            "--out", Out, "--recompute");
        Assert.StartsWith("loss 2.8429", result.Succeeded().Output, StringComparison.Ordinal);
        AssertTensorsEqual(Path.Combine(folder, "grads_after_5.safetensors"), Out);
    }

    [ConformanceTheory]
    [InlineData("""{"ids":[[1,2,3]],"labels":[[1,2,200]]}""", "the label 200 is neither in the vocabulary of 200 nor -100")]
    [InlineData("""{"ids":[[1,-2,3]],"labels":[[1,2,3]]}""", "sequence 0, token 1: the id -2 is not in the vocabulary of 200")]
    [InlineData("""{"ids":[[1,2,3]],"labels":[[1,2]]}""", "sequence 0 has 3 ids and 2 labels")]
    [InlineData("""{"ids":[[1],[2]],"labels":[[1]]}""", "2 rows of ids and 1 of labels")]
    [InlineData("""{"ids":[],"labels":[]}""", "the batch is empty")]
    [InlineData("""{"ids":[[]],"labels":[[]]}""", "sequence 0 is empty")]
    [InlineData("""{"ids":[[1,2]],"labels":[[1,-100]]}""", "there is nothing to learn")]
    [InlineData("""{"ids":[[1,2.5]],"labels":[[1,1]]}""", "ids[0][1] is 2.5, not a token id")]
    [InlineData("""{"ids":[1],"labels":[[1]]}""", "ids[0] is not an array")]
    [InlineData("""{"labels":[[1]]}""", "ids is missing")]
    [InlineData("[]", "expected an object")]
    [InlineData("{", "not valid JSON")]
    public async Task A_batch_that_can_t_be_is_refused_in_a_sentence(string json, string expected)
    {
        var batch = _folder.Write("batch.json", json);
        var result = await AyniCommand.RunAsync("gradients", "--model", Conformance.PathOf("training", "llama3-micro"), "--batch", batch,
            "--out", Out);
        result.Failed(expected);
        Assert.False(File.Exists(Out));
    }

    [ConformanceFact]
    public async Task Sequences_beyond_the_context_and_files_that_are_there_are_refused()
    {
        var model = Conformance.PathOf("training", "llama3-micro");
        var ids = string.Join(',', Enumerable.Repeat(1, 257));
        var batch = _folder.Write("batch.json", $$"""{"ids":[[{{ids}}]],"labels":[[{{ids}}]]}""");
        (await AyniCommand.RunAsync("gradients", "--model", model, "--batch", batch, "--out", Out))
            .Failed("257 tokens, more than the model's context of 256");
        (await AyniCommand.RunAsync("gradients", "--model", model, "--batch", "nowhere.json", "--out", Out))
            .Failed("There is no file nowhere.json");
        (await AyniCommand.RunAsync("gradients", "--model", model, "--batch", batch, "--out", batch)).Failed("is there already");
    }

    private static void AssertTensorsEqual(string expected, string actual)
    {
        var (expectedTensors, actualTensors) = (ReadTensors(expected), ReadTensors(actual));
        Assert.Equal(expectedTensors.Keys, actualTensors.Keys);
        foreach (var (name, values) in expectedTensors)
        {
            Assert.Equal(values.Length, actualTensors[name].Length);
            Assert.All(values.Zip(actualTensors[name]), pair => Assert.Equal(pair.First, pair.Second, 2e-5f));
        }
    }

    private static SortedDictionary<string, float[]> ReadTensors(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var tensors = new SortedDictionary<string, float[]>(StringComparer.Ordinal);
        var header = JsonSerializer.Deserialize<JsonElement>(bytes.AsSpan(8, start - 8));
        foreach (var tensor in header.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
        {
            var offsets = tensor.Value.GetProperty("data_offsets");
            var (from, to) = (offsets[0].GetInt32(), offsets[1].GetInt32());
            tensors[tensor.Name] = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(start + from, to - from)).ToArray();
        }
        return tensors;
    }
}
