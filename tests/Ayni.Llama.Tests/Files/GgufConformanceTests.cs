using System.Text.Json;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Files that others wrote open and say what they should.</summary>
public sealed class GgufConformanceTests
{
    [ConformanceFact]
    public void Every_file_opens_and_every_byte_of_every_tensor_can_be_read()
    {
        var paths = Directory.GetFiles(Conformance.Folder!, "*.gguf", SearchOption.AllDirectories);
        Assert.True(paths.Length >= 30, $"only {paths.Length} files");
        foreach (var path in paths)
        {
            using var file = GgufFile.Open(path);
            Assert.Equal(3, file.Version);
            Assert.StartsWith("llama", file.Metadata.FindString("general.architecture"), StringComparison.Ordinal);
            var dataEnd = file.Tensors.Count == 0 ? 0 : file.Tensors.Max(tensor => tensor.Offset + tensor.Bytes);
            if (file.Tensors.Count > 0)
                Assert.InRange(file.FileBytes - dataEnd, 0, file.Alignment - 1);
            foreach (var tensor in file.Tensors)
                Assert.Equal(tensor.Bytes, file.Data(tensor).Span(0, checked((int)tensor.Bytes)).Length);
        }
    }

    [ConformanceFact]
    public void A_quantized_model_has_its_metadata_and_tensors()
    {
        using var file = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", "quant", "llama3-tiny-Q4_0.gguf"));
        Assert.Equal(21, file.Metadata.Keys.Count);
        Assert.Equal("llama3-tiny", file.Metadata.FindString("general.name"));
        Assert.Equal(256, file.Metadata.FindInteger("llama.embedding_length"));
        Assert.Equal(2, file.Metadata.FindInteger("llama.attention.head_count_kv"));
        Assert.Equal(500_000, file.Metadata.FindNumber("llama.rope.freq_base"));
        Assert.Equal(384, file.Metadata.FindArray<string>("tokenizer.ggml.tokens")!.Length);
        Assert.Equal("Ġ ĠĠĠ", file.Metadata.FindArray<string>("tokenizer.ggml.merges")![1]);
        Assert.Equal(384, file.Metadata.FindArray<int>("tokenizer.ggml.token_type")!.Length);

        Assert.Equal(20, file.Tensors.Count);
        Assert.Equal("token_embd.weight Q6_K [256, 384]", file.Require("token_embd.weight").ToString());
        Assert.Equal("blk.0.attn_k.weight Q4_0 [256, 64]", file.Require("blk.0.attn_k.weight").ToString());
        Assert.Equal("output_norm.weight F32 [256]", file.Require("output_norm.weight").ToString());
        Assert.Equal(256 * 384 / 256 * 210, file.Require("token_embd.weight").Bytes);
    }

    [ConformanceFact]
    public void Each_quantized_file_holds_the_types_its_readme_says()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("models", "llama3-tiny", "quant", "expected.json")));
        var types = expected.RootElement.GetProperty("types").EnumerateArray().ToList();
        Assert.NotEmpty(types);
        foreach (var type in types)
        {
            var name = type.GetProperty("file").GetString()!;
            using var file = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", name));
            var wanted = type.GetProperty("tensor_types").EnumerateArray().Select(e => e.GetString()!);
            var found = file.Tensors.Select(tensor => tensor.Type.ToString()).Distinct();
            Assert.Equal(wanted.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    }

    [ConformanceFact]
    public void Weights_equal_those_of_the_safetensors_file()
    {
        var bytes = File.ReadAllBytes(Conformance.PathOf("models", "llama3-tiny", "model.safetensors"));
        var headerLength = BitConverter.ToInt32(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, headerLength));
        using var file = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", "llama3-tiny-f32.gguf"));
        // Not attn_q and attn_k, whose rows are permuted.
        foreach (var (ours, theirs) in new[]
        {
            ("token_embd.weight", "model.embed_tokens.weight"),
            ("output_norm.weight", "model.norm.weight"),
            ("blk.1.ffn_down.weight", "model.layers.1.mlp.down_proj.weight"),
            ("blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight"),
        })
        {
            var offsets = header.RootElement.GetProperty(theirs).GetProperty("data_offsets");
            var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
            var tensor = file.Require(ours);
            Assert.Equal(end - start, tensor.Bytes);
            Assert.True(file.Data(tensor).Span(0, end - start).SequenceEqual(bytes.AsSpan(8 + headerLength + start, end - start)), ours);
        }
    }

    [ConformanceFact]
    public void Files_that_others_wrote_are_written_again_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        foreach (var path in Directory.GetFiles(Conformance.Folder!, "*.gguf", SearchOption.AllDirectories))
        {
            using var file = GgufFile.Open(path);
            if (file.Tensors.Count == 0)
                continue; // Writers disagree on whether to pad a vocabulary alone.
            var writer = new GgufWriter();
            foreach (var key in file.Metadata.Keys)
                writer.Add(key, file.Metadata.Find(key)!);
            foreach (var tensor in file.Tensors)
            {
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions,
                    stream => stream.Write(file.Data(tensor).Span(0, (int)tensor.Bytes)));
            }
            writer.Save(folder.PathOf("copy.gguf"));
            Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(folder.PathOf("copy.gguf"))), path);
        }
    }

    [ConformanceFact]
    public void A_vocabulary_of_128256_tokens_is_read_whole()
    {
        using var file = GgufFile.Open(Conformance.PathOf("tokenizers", "vocab-llama3.gguf"));
        Assert.Equal(128_256, file.Metadata.FindArray<string>("tokenizer.ggml.tokens")!.Length);
        Assert.Equal(280_147, file.Metadata.FindArray<string>("tokenizer.ggml.merges")!.Length);
    }
}
