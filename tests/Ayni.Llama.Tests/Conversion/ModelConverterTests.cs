using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>A model in another kind of file gives the same logits, to the bit where its types are kept.</summary>
public sealed class ModelConverterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ConformanceTheory]
    [InlineData("llama2-tiny")]
    [InlineData("llama3-tiny")]
    [InlineData("llama3-tiny-untied")]
    [InlineData("llama31-tiny")]
    [InlineData("llama32-tiny")]
    [InlineData("stories260K")]
    [InlineData("llama4-scout-like")]
    [InlineData("llama4-maverick-like")]
    public void A_hugging_face_folder_keeps_its_bits_through_every_kind_of_file(string name)
    {
        var original = Conformance.PathOf("models", name);
        var expected = Bits(original);
        var gguf = Convert(original, "model.gguf", ModelFormat.Gguf);
        Assert.Equal(expected, Bits(gguf));
        Assert.Equal(expected, Bits(Convert(gguf, "back", ModelFormat.Safetensors)));
        var meta = Convert(gguf, "meta", ModelFormat.Meta);
        Assert.Equal(expected, Bits(meta));
        Assert.Equal(expected, Bits(Convert(meta, "from-meta", ModelFormat.Safetensors)));
    }

    [ConformanceTheory]
    [InlineData("llama2-tiny")]
    [InlineData("llama3-tiny")]
    [InlineData("llama31-tiny")]
    [InlineData("llama4-scout-like")]
    public void A_gguf_keeps_its_bits_and_its_tokenizer(string name)
    {
        var original = Conformance.PathOf("models", name, $"{name}-f32.gguf");
        var folder = Convert(original, "folder", ModelFormat.Safetensors);
        var back = Convert(folder, "back.gguf", ModelFormat.Gguf);
        var expected = Bits(original);
        Assert.Equal(expected, Bits(folder));
        Assert.Equal(expected, Bits(back));
        Assert.Equal(expected, Bits(Convert(back, "copy.gguf", ModelFormat.Gguf)));

        using var a = GgufFile.Open(original);
        using var b = GgufFile.Open(back);
        foreach (var key in a.Metadata.Keys.Where(key => key.StartsWith("tokenizer.", StringComparison.Ordinal) && b.Metadata.Find(key) is not null))
            Assert.Equal(a.Metadata.Find(key), b.Metadata.Find(key));
        Assert.Null(TokenizerDescription.Read(a.Metadata).FindDifference(TokenizerDescription.Read(b.Metadata)));
        Assert.Equal(a.Tensors.Select(Shown).Order(StringComparer.Ordinal), b.Tensors.Select(Shown).Order(StringComparer.Ordinal));

        static string Shown(GgufTensor tensor) => tensor.ToString();
    }

    /// <summary>Transformers holds a configuration's fields against their types: <c>8192.0</c> is no whole number to it.</summary>
    [ConformanceTheory]
    [InlineData("llama4-scout-like")]
    [InlineData("llama4-maverick-like")]
    public void Whole_numbers_of_a_llama_4_are_written_without_a_point(string name)
    {
        var folder = Convert(Conformance.PathOf("models", name, $"{name}-f32.gguf"), "folder", ModelFormat.Safetensors);
        var fields = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!.AsObject();
        string[] whole =
        [
            "attention_chunk_size", "floor_scale", "head_dim", "hidden_size", "interleave_moe_layer_step", "intermediate_size", "intermediate_size_mlp",
            "max_position_embeddings", "num_attention_heads", "num_experts_per_tok", "num_hidden_layers", "num_key_value_heads", "num_local_experts", "vocab_size",
        ];
        Assert.All(whole, field => Assert.Matches("^[0-9]+$", fields[field]!.ToJsonString()));
        Assert.Equal("0.1", fields["attn_scale"]!.ToJsonString());
    }

    [ConformanceFact]
    public void Quantized_weights_stay_so_in_gguf_and_become_f16_elsewhere_unless_a_type_is_given()
    {
        var original = Conformance.PathOf("models", "llama3-tiny", "quant", "llama3-tiny-Q4_K_M.gguf");
        Assert.Equal(Bits(original), Bits(Convert(original, "same.gguf", ModelFormat.Gguf)));

        using var half = ModelSource.Open(Convert(original, "half", ModelFormat.Safetensors));
        Assert.Equal(["F16", "F32"], half.Tensors.Select(tensor => tensor.TypeName).Distinct().Order());
        // What was dequantized to float32 is what was computed with all along.
        var full = Convert(original, "full", ModelFormat.Safetensors, "F32");
        Assert.Equal(Bits(original, KernelTier.Scalar), Bits(full, KernelTier.Scalar));

        var error = Assert.Throws<ModelFormatException>(() => Convert(original, "twice.gguf", ModelFormat.Gguf, "Q8_0"));
        Assert.Contains("already; converting does not quantize twice", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("twice.gguf")));
    }

    [ConformanceFact]
    public void A_type_may_be_given()
    {
        var original = Conformance.PathOf("models", "llama31-tiny");
        var gguf = Convert(original, "q8.gguf", ModelFormat.Gguf, "Q8_0");
        using (var file = GgufFile.Open(gguf))
        {
            Assert.Equal(TensorType.Q8_0, file.Find("blk.0.ffn_up.weight")!.Type);
            Assert.Equal(TensorType.F32, file.Find("rope_freqs.weight")!.Type);
            Assert.Equal(7, file.Metadata.FindInteger("general.file_type"));
        }
        // BF16 weights are not changed by more bits.
        Assert.Equal(Bits(original), Bits(Convert(original, "f32", ModelFormat.Safetensors, "F32")));
    }

    [ConformanceTheory]
    [InlineData("llama4-tiny-chunk16", "\"attention_chunk_size\"", "attention_chunk_size")]
    [InlineData("llama4-tiny-chunk32", "\"attention_chunk_size\"", "attention_chunk_size")]
    public void A_llama_4_that_gguf_can_not_say_is_refused_by_its_field(string name, string text, string field)
    {
        var original = Conformance.PathOf("models", name);
        Assert.Contains(text, File.ReadAllText(Path.Combine(original, "config.json")), StringComparison.Ordinal);
        var error = Assert.Throws<ModelFormatException>(() => Convert(original, "model.gguf", ModelFormat.Gguf));
        Assert.Equal(field, error.Field);
        // Its own kind of file says it all; the part that sees pictures is left out.
        Assert.Equal(Bits(original), Bits(Convert(original, "copy", ModelFormat.Safetensors)));
    }

    [ConformanceTheory]
    [InlineData("floor_scale", "16")]
    [InlineData("attn_scale", "0.2")]
    [InlineData("use_qk_norm", "false")]
    [InlineData("no_rope_layers", "[1,1,0,1,1]")]
    [InlineData("moe_layers", "[0,2,4]")]
    [InlineData("attention_chunk_size", "null")]
    [InlineData("attn_temperature_tuning", "false")]
    public void Each_field_that_gguf_has_no_key_for_is_held_against_what_is_taken_for_granted(string field, string value)
    {
        var path = Conformance.PathOf("models", "llama4-scout-like", "config.json");
        var fields = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        var same = HuggingFaceConfig.Read(JsonFields.Read(path));
        Assert.NotEmpty(GgufConfigWriter.Write(path, same));
        fields[field] = JsonNode.Parse(value);
        var changed = _folder.PathOf("config.json");
        File.WriteAllText(changed, fields.ToJsonString());
        var error = Assert.Throws<ModelFormatException>(() => GgufConfigWriter.Write(changed, HuggingFaceConfig.Read(JsonFields.Read(changed))));
        Assert.Equal((changed, field), (error.Path, error.Field));
    }

    [Fact]
    public void What_is_there_is_not_replaced_unasked_nor_is_the_model_itself()
    {
        using var model = new TemporaryModel(new TinyModel());
        var folder = Convert(model.Path, "folder", ModelFormat.Safetensors);
        var error = Assert.Throws<IOException>(() => Convert(model.Path, "folder", ModelFormat.Meta));
        Assert.Contains("is there already", error.Message, StringComparison.Ordinal);
        Convert(model.Path, "folder", ModelFormat.Meta, replaces: true);
        Assert.False(File.Exists(Path.Combine(folder, "config.json")));

        error = Assert.Throws<IOException>(() => Convert(folder, "folder", ModelFormat.Safetensors, replaces: true));
        Assert.Contains("the model to be read", error.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.PathOf("photos"));
        _folder.Write("photos/llama.jpg", [1]);
        error = Assert.Throws<IOException>(() => Convert(model.Path, "photos", ModelFormat.Safetensors, replaces: true));
        Assert.Contains("holds other things than a model", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.PathOf("photos/llama.jpg")));
        Assert.Equal(["folder", "photos"], Directory.GetFileSystemEntries(_folder.Name).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData(ModelFormat.Gguf)]
    [InlineData(ModelFormat.Safetensors)]
    [InlineData(ModelFormat.Meta)]
    public void A_cancelled_run_leaves_nothing_behind(ModelFormat format)
    {
        using var model = new TemporaryModel(new TinyModel());
        using var source = ModelSource.Open(model.Path);
        using var cancelled = new CancellationTokenSource();
        var progress = new Progress(share => cancelled.Cancel());
        Assert.Throws<OperationCanceledException>(
            () => ModelConverter.Convert(source, _folder.PathOf("out"), format, progress: progress, cancellationToken: cancelled.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Name));
    }

    [Fact]
    public void A_chat_template_and_the_ends_of_generation_come_along()
    {
        using var model = new TemporaryModel(new TinyModel());
        var folder = Convert(model.Path, "folder", ModelFormat.Safetensors);
        File.WriteAllText(Path.Combine(folder, "LICENSE.txt"), "Be kind.");
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id":[2,260]}""");
        var gguf = Convert(folder, "back.gguf", ModelFormat.Gguf);
        using var original = LlamaModel.Load(model.Path, KernelTier.Simd, 1);
        using var back = LlamaModel.Load(gguf, KernelTier.Simd, 1);
        Assert.Equal([2, 260], back.EndOfGeneration.Order());
        Assert.Equal(original.ChatFormat!.Name, back.ChatFormat!.Name);
        Assert.Equal(original.Metadata.FindString("tokenizer.chat_template"), back.Metadata.FindString("tokenizer.chat_template"));
        Convert(folder, "copy", ModelFormat.Safetensors);
        Assert.Equal("Be kind.", File.ReadAllText(_folder.PathOf("copy/LICENSE.txt")));
        Assert.Contains("260", File.ReadAllText(_folder.PathOf("copy/generation_config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4096, 11008, null, 256)]
    [InlineData(5120, 13824, null, 512)]
    [InlineData(4096, 14336, 1.3, 2048)]
    [InlineData(8192, 28672, 1.3, 4096)]
    [InlineData(2048, 8192, null, 4096)]
    [InlineData(96, 257, null, 0)]
    public void Metas_multiplier_gives_the_width(int dim, int width, double? multiplier, int multiple)
    {
        var found = MetaConfigWriter.FeedForwardWidth(dim, width);
        var hidden = (long)((found.Multiplier ?? 1) * (8L * dim / 3));
        Assert.Equal(width, (hidden + found.Multiple - 1) / found.Multiple * found.Multiple);
        if (multiple > 0)
            Assert.Equal((multiplier is null, multiple), (found.Multiplier is null, found.Multiple));
    }

    [Fact]
    public void Large_models_are_written_in_several_files()
    {
        var tensors = Enumerable.Range(0, 5).Select(
            i => new OutputTensor($"t{i}", TensorType.F32, [4, 2], stream => stream.Write(Enumerable.Repeat((byte)i, 32).ToArray()))).ToArray();
        SafetensorsWriter.Write(_folder.PathOf, tensors, shardBytes: 64);
        using var model = SafetensorsModel.Open(_folder.Name);
        Assert.Equal(3, model.Files.Count);
        for (var i = 0; i < 5; i++)
        {
            var (file, tensor) = model.Find($"t{i}");
            Assert.Equal<long>([2, 4], tensor.Shape.ToArray());
            Assert.Equal(0, tensor.Offset % 8);
            Assert.Equal(Enumerable.Repeat((byte)i, 32), file.Data(tensor).Span(0, 32).ToArray());
        }
    }

    [Fact]
    public void Checkpoints_hold_twins_once()
    {
        var path = _folder.PathOf("c.pth");
        var tensor = new OutputTensor("a", TensorType.BF16, [3, 2], stream => stream.Write([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        TorchCheckpointWriter.Write(path, [tensor], new Dictionary<string, string> { ["b"] = "a" });
        using var checkpoint = TorchCheckpoint.Open(path);
        Assert.Equal(checkpoint.Tensors["a"].Offset, checkpoint.Tensors["b"].Offset);
        Assert.Equal<long>([2, 3], checkpoint.Tensors["a"].Shape.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], checkpoint.Data(checkpoint.Tensors["a"]).Span(0, 12).ToArray());
    }

    private string Convert(string path, string name, ModelFormat format, string? type = null, bool replaces = false)
    {
        using var source = ModelSource.Open(path);
        ModelConverter.Convert(source, _folder.PathOf(name), format, type is null ? null : QuantizationMix.Find(type), replaces, workers: 2);
        return _folder.PathOf(name);
    }

    private static int[] Bits(string path, KernelTier tier = KernelTier.Simd)
    {
        using var model = LlamaModel.Load(path, tier, threads: 2);
        return MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(model, [1, 17, 300, 5, 42, 260, 7, 8])).ToArray();
    }

    private sealed class Progress(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }
}
