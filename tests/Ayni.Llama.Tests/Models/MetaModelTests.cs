using System.Runtime.InteropServices;
using System.Text;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Meta's own downloads, written here from GGUF files, give the GGUF file's logits whatever the number of parts.</summary>
public sealed class MetaModelTests : IDisposable
{
    private const int Dim = 64, Heads = 4, KeyValueHeads = 2;

    private readonly TemporaryModel _gguf = new(new TinyModel());
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _gguf.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public void Parts_are_merged_to_the_same_bits(int parts, bool embeddingByRows)
    {
        Write(parts, embeddingByRows);
        int[] ids = [1, 260, 270, 265, 280];
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var meta = LlamaModel.Load(_folder.Name, tier, threads: 2);
            using var gguf = LlamaModel.Load(_gguf.Path, tier, threads: 2);
            Assert.Equal(gguf.Config with { ContextLength = 4096 }, meta.Config);
            var (a, b) = (ReferenceModel.Logits(meta, ids), ReferenceModel.Logits(gguf, ids));
            Assert.Equal(MemoryMarshal.Cast<float, int>(b).ToArray(), MemoryMarshal.Cast<float, int>(a).ToArray());
        }
    }

    [Fact]
    public void A_part_that_is_missing_is_named()
    {
        Write(2, embeddingByRows: true);
        File.Move(_folder.PathOf("consolidated.01.pth"), _folder.PathOf("consolidated.02.pth"));
        var error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(_folder.Name));
        Assert.Equal("consolidated.01.pth", error.Field);

        // The last one's absence shows in the shapes alone.
        File.Delete(_folder.PathOf("consolidated.02.pth"));
        error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_folder.Name, KernelTier.Simd, 1));
        Assert.Contains("has shape", error.Message, StringComparison.Ordinal);

        File.Delete(_folder.PathOf("consolidated.00.pth"));
        error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(_folder.Name));
        Assert.Equal("consolidated.00.pth", error.Field);
    }

    [Fact]
    public void Parts_that_differ_are_refused_with_the_tensor()
    {
        Write(2, embeddingByRows: true);
        _folder.Write("consolidated.01.pth", RawCheckpoint.Of(new RawTensor("norm.weight", [1], new byte[4])));
        var error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(_folder.Name));
        Assert.Equal(_folder.PathOf("consolidated.01.pth"), error.Path);
        Assert.Equal("tok_embeddings.weight", error.Field);
    }

    [Fact]
    public void More_parts_than_key_value_heads_share_them()
    {
        Write(4, embeddingByRows: true);
        using var meta = ModelSource.Open(_folder.Name);
        using var gguf = GgufFile.Open(_gguf.Path);
        foreach (var tensor in meta.Tensors.Where(tensor => tensor.Name.Contains(".attn_", StringComparison.Ordinal)))
        {
            var original = gguf.Find(tensor.Name)!;
            Assert.Equal(original.Dimensions.ToArray(), tensor.Dimensions.ToArray());
            using var content = meta.Read(tensor);
            Assert.Equal(gguf.Data(original).Span(0, (int)original.Bytes).ToArray(), content.Data.Span(0, (int)tensor.Bytes).ToArray());
        }
    }

    [Fact]
    public void Key_value_heads_that_should_be_the_same_in_two_parts_are_held_against_each_other()
    {
        Write(4, embeddingByRows: true);
        using (var gguf = GgufFile.Open(_gguf.Path))
        {
            // Part 1 with the head of parts 2 and 3.
            var tensors = gguf.Tensors.Select(tensor => Part(gguf, tensor, tensor.Name == "blk.1.attn_v.weight" ? 2 : 1, 4, true));
            _folder.Write("consolidated.01.pth", RawCheckpoint.Of(tensors.Append(new RawTensor("rope.freqs", [1], new byte[4]))));
        }
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_folder.Name, KernelTier.Simd, 1));
        Assert.Equal((_folder.PathOf("consolidated.01.pth"), "layers.1.attention.wv.weight"), (error.Path, error.Field));
        Assert.Contains("that of consolidated.00.pth differ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"dim\":64", "\"dim\":65", "n_heads")]
    [InlineData("\"n_kv_heads\":2", "\"n_kv_heads\":3", "n_kv_heads")]
    [InlineData("\"norm_eps\":1e-05", "\"norm_eps\":0", "norm_eps")]
    [InlineData("\"vocab_size\":-1", "\"vocab_size\":-2", "vocab_size")]
    [InlineData("\"vocab_size\":-1", "\"moe\":{\"num_experts\":8}", "moe")]
    [InlineData("\"vocab_size\":-1", "\"quantization_args\":{\"group_size\":32}", "quantization_args")]
    public void Parameters_that_can_not_be_run_are_refused_by_their_field(string text, string replacement, string field)
    {
        Write(1, embeddingByRows: true);
        var path = _folder.PathOf("params.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace(text, replacement, StringComparison.Ordinal));
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_folder.Name, KernelTier.Simd, 1));
        Assert.Equal((path, field), (error.Path, error.Field));
    }

    [Theory]
    [InlineData(2048, "", 32)]
    [InlineData(4096, "", 8)]
    [InlineData(4096, ",\"rope_scaling_factor\":16.0", 16)]
    public void The_stretched_rotation_of_Llama_3_is_known(int dim, string more, double factor)
    {
        var path = _folder.PathOf("p.json");
        File.WriteAllText(path, $$"""{"dim":{{dim}},"n_heads":32,"n_layers":1,"norm_eps":1e-5,"rope_theta":500000.0,"use_scaled_rope":true{{more}}}""");
        var matrix = new ModelTensor { Name = "m", StoredName = "m", TypeName = "F32", Type = TensorType.F32, Dimensions = [8, 8], Bytes = 256, Offset = 0, Path = path };
        var config = MetaConfig.Read(JsonFields.Read(path), _ => matrix);
        Assert.Equal(
            new Llama3RotaryScaling { Factor = factor, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContextLength = 8192 }, config.RotaryScaling);
        Assert.Equal(131_072, config.ContextLength);
        Assert.Equal(8, config.VocabularySize);
    }

    /// <summary>
    /// Writes the tiny model as Meta would: the same rows, its own names, cut into parts along the axes of its model-parallel code.
    /// </summary>
    private void Write(int parts, bool embeddingByRows)
    {
        _folder.Write("params.json", Encoding.UTF8.GetBytes(
            $$"""{"dim":{{Dim}},"n_layers":2,"n_heads":{{Heads}},"n_kv_heads":{{KeyValueHeads}},"norm_eps":1e-05,"vocab_size":-1,"multiple_of":32}"""));
        using var file = GgufFile.Open(_gguf.Path);
        for (var part = 0; part < parts; part++)
        {
            var tensors = file.Tensors.Select(tensor => Part(file, tensor, part, parts, embeddingByRows)).ToList();
            tensors.Add(new RawTensor("rope.freqs", [1], new byte[4]));
            _folder.Write($"consolidated.0{part}.pth", RawCheckpoint.Of(tensors));
        }
    }

    private static RawTensor Part(GgufFile file, GgufTensor tensor, int part, int parts, bool embeddingByRows)
    {
        var data = file.Data(tensor).Span(0, (int)tensor.Bytes).ToArray();
        var name = MetaNames.FromGguf(tensor.Name)!;
        if (tensor.Dimensions is not [var columns, var rows])
            return new RawTensor(name, [(int)tensor.Dimensions[0]], data);
        // Row-parallel in the sense of the code: its inputs, which are columns, are spread.
        var byColumns = name.EndsWith(".wo.weight", StringComparison.Ordinal) || name.EndsWith(".w2.weight", StringComparison.Ordinal)
            || (name == "tok_embeddings.weight" && !embeddingByRows);
        // More parts than key-value heads: each has the head that its query heads go with.
        if (tensor.Name.Split('.') is [.., "attn_k" or "attn_v", _] && parts > KeyValueHeads)
            return new RawTensor(name, [(int)rows / KeyValueHeads, (int)columns], data.Chunk(data.Length / KeyValueHeads).ElementAt(part * KeyValueHeads / parts));
        if (!byColumns)
            return new RawTensor(name, [(int)rows / parts, (int)columns], data[(data.Length / parts * part)..(data.Length / parts * (part + 1))]);
        var width = (int)columns * 4 / parts;
        byte[] cut = [.. data.Chunk((int)columns * 4).SelectMany(row => row[(width * part)..(width * (part + 1))])];
        return new RawTensor(name, [(int)rows, (int)columns / parts], cut);
    }
}
