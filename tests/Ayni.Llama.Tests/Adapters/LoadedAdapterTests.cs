using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>A model computed with an adapter beside it.</summary>
public sealed class LoadedAdapterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryModel _file = new(new TinyModel { Dim = 128 });
    private readonly int[] _ids = [1, .. Enumerable.Range(0, 99).Select(i => (i * 37 + 11) % 280)];

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [ConformanceFact]
    public void Logits_are_the_reference_s_in_every_tier()
    {
        var folder = Conformance.PathOf("training", "llama3-micro-lora");
        using var recorded = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        var expected = Conformance.ReadFloats("training", "llama3-micro-lora", "logits_adapter.f32");
        var sequences = recorded.RootElement.GetProperty("ids").EnumerateArray().Select(ReferenceModel.Integers).ToArray();
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var model = LlamaModel.Load(Conformance.PathOf("training", "llama3-micro"), tier, threads: 2, adapter: folder);
            float[] actual = [.. sequences.SelectMany(ids => ReferenceModel.Logits(model, ids))];
            Assert.InRange(expected.Zip(actual, (e, a) => MathF.Abs(e - a)).Max(), 0, 2e-4f);
        }
    }

    [Theory]
    [InlineData("F32", 4)]
    [InlineData("Q8_0", 3)]
    [InlineData("Q4_0", 1)]
    public async Task Answers_are_the_same_to_the_bit_in_every_arrangement(string type, int rank)
    {
        var path = Quantized(type);
        foreach (var tier in (KernelTier[])[KernelTier.Simd, KernelTier.Compiled])
        {
            using var plain = LlamaModel.Load(path, tier, 2);
            var adapter = Write("voice", plain.Config, rank);
            using var one = LlamaModel.Load(path, tier, 1, adapter: adapter);
            using var two = LlamaModel.Load(path, tier, 2, adapter: adapter);
            var whole = ReferenceModel.Logits(one, _ids, chunkTokens: 100);
            Assert.NotEqual(ReferenceModel.Logits(plain, _ids), whole);
            foreach (var chunkTokens in (int[])[1, 7, 33])
                Assert.Equal(Bits(whole), Bits(ReferenceModel.Logits(two, _ids, chunkTokens: chunkTokens)));

            ImmutableArray<int>[] prompts = [.. Enumerable.Range(0, 5).Select(i => ImmutableArray.Create(_ids[..(7 + 9 * i)]))];
            var together = await Answers(two, prompts);
            for (var i = 0; i < prompts.Length; i++)
                Assert.Equal(together[i], (await Answers(two, [prompts[i]]))[0]);
        }
    }

    [Fact]
    public void An_adapter_is_named_by_its_folder_and_known_by_its_digest()
    {
        using var plain = LlamaModel.Load(_file.Path, KernelTier.Simd, 1);
        Assert.Null(plain.Adapter);
        using var named = LlamaModel.Load(_file.Path, KernelTier.Simd, 1, adapter: Write("voice", plain.Config, 2));
        using var run = LlamaModel.Load(_file.Path, KernelTier.Simd, 1, adapter: Write(Path.Combine("pirate", "adapter"), plain.Config, 2));
        using var other = LlamaModel.Load(_file.Path, KernelTier.Simd, 1, adapter: Write("other", plain.Config, 2, alpha: 3));
        Assert.Equal(("voice", "pirate"), (named.Adapter!.Name, run.Adapter!.Name));
        Assert.Equal(32, named.Adapter.Digest.Length);
        Assert.True(named.Adapter.Digest.Span.SequenceEqual(run.Adapter.Digest.Span));
        Assert.False(named.Adapter.Digest.Span.SequenceEqual(other.Adapter!.Digest.Span));
        Assert.True(named.PackedBytes > plain.PackedBytes);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused_by_name()
    {
        using var large = LlamaModel.Load(_file.Path, KernelTier.Simd, 1);
        var adapter = Write("voice", large.Config, 2);
        using var small = new TemporaryModel(new TinyModel { Dim = 64 });
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(small.Path, KernelTier.Simd, 1, adapter: adapter));
        Assert.Contains("layers.0.", error.Message, StringComparison.Ordinal);
        Assert.Contains("the model and the adapter's rank ask for [", error.Message, StringComparison.Ordinal);

        using var shallow = new TemporaryModel(new TinyModel { Dim = 128, Layers = 1 });
        error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(shallow.Path, KernelTier.Simd, 1, adapter: adapter));
        Assert.Contains("layers.1.", error.Message, StringComparison.Ordinal);
        Assert.Contains("no factor of a matrix that this model has", error.Message, StringComparison.Ordinal);
    }

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    private static async Task<string[]> Answers(LlamaModel model, ImmutableArray<int>[] prompts)
    {
        await using var engine = new LlamaEngine(model, new EngineOptions { ContextLength = 128 }, TimeProvider.System);
        var generations = prompts.Select(prompt => engine.Submit(
            new GenerationRequest { Prompt = prompt, MaxTokens = 20, Sampling = SamplingParameters.Greedy, IgnoreEndOfText = true }, default)).ToArray();
        var answers = new List<string>();
        foreach (var generation in generations)
        {
            var ids = new List<int>();
            await foreach (var token in generation.ReadTokensAsync())
                ids.Add(token.Id);
            answers.Add(string.Join(' ', ids));
        }
        return [.. answers];
    }

    private string Quantized(string type)
    {
        if (type == "F32")
            return _file.Path;
        using var source = GgufFile.Open(_file.Path);
        ModelQuantizer.Quantize(source, _folder.PathOf("quantized.gguf"), QuantizationMix.Find(type)!);
        return _folder.PathOf("quantized.gguf");
    }

    private string Write(string name, LlamaConfig config, int rank, double alpha = 2)
    {
        var random = new Random(6);
        var matrices = Enumerable.Range(0, config.LayerCount).SelectMany(layer => new[]
        {
            Matrix($"blk.{layer}.attn_q", config.QueryWidth, config.HiddenSize),
            Matrix($"blk.{layer}.attn_v", config.KeyValueWidth, config.HiddenSize),
            Matrix($"blk.{layer}.ffn_down", config.HiddenSize, config.IntermediateSize),
        }).ToArray();
        var folder = _folder.PathOf(name);
        AdapterFolder.Write(folder, new AdapterConfig { Rank = rank, Alpha = alpha }, config, matrices);
        return folder;

        AdapterMatrix Matrix(string matrix, int rows, int columns) => new(matrix, Values(rank * columns), Values(rows * rank));
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 4)];
    }
}
