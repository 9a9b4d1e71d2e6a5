using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>What would give wrong numbers is refused when a model is loaded, with the tensor's name.</summary>
public sealed class DamagedModelTests : IDisposable
{
    private readonly TemporaryModel _model = new(new TinyModel());
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Q8_0", new byte[] { 0x00, 0x7E }, "block 1 in row 3")]
    [InlineData("Q4_0", new byte[] { 0x00, 0xFC }, "block 1 in row 3")]
    [InlineData("Q5_1", new byte[] { 0x01, 0x7C }, "block 1 in row 3")]
    public void A_scale_that_is_not_a_finite_number(string mix, byte[] scale, string place)
    {
        const string Name = "blk.1.ffn_up.weight";
        var path = _folder.PathOf("quantized.gguf");
        long offset;
        using (var source = GgufFile.Open(_model.Path))
            ModelQuantizer.Quantize(source, path, QuantizationMix.Find(mix)!);
        using (var written = GgufFile.Open(path))
        {
            var tensor = written.Find(Name)!;
            Assert.Equal(64, tensor.Dimensions[0]);
            offset = tensor.Offset + 7 * TensorTypes.FormatOf(tensor.Type).Bytes;
        }
        LlamaModel.Load(path, KernelTier.Simd, 2).Dispose();
        var bytes = File.ReadAllBytes(path);
        scale.CopyTo(bytes, offset);
        File.WriteAllBytes(path, bytes);
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(path, tier, 2));
            Assert.Equal(Name, error.Field);
            Assert.Contains(place, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_architecture_is_named_whatever_else_is_unknown_of_it()
    {
        var path = _folder.PathOf("other.gguf");
        var writer = new GgufWriter();
        writer.Add("general.architecture", "qwen3");
        writer.Add("tokenizer.ggml.model", "bert");
        writer.AddTensor("token_embd.weight", TensorType.F32, [64, 2], stream => stream.Write(new byte[512]));
        writer.Save(path);
        using var file = GgufFile.Open(path);
        using var source = ModelSource.Open(path);
        foreach (var use in (Action[])[
            () => LlamaModel.Load(path, KernelTier.Simd, 1),
            () => ModelConverter.Convert(source, _folder.PathOf("folder"), ModelFormat.Safetensors),
            () => ModelConverter.Convert(source, _folder.PathOf("copy.gguf"), ModelFormat.Gguf),
            () => ModelQuantizer.Quantize(file, _folder.PathOf("q.gguf"), QuantizationMix.Find("Q8_0")!)])
        {
            var error = Assert.Throws<ModelFormatException>(use);
            Assert.Equal("general.architecture", error.Field);
            Assert.Contains("the architecture is 'qwen3'; Ayni runs llama and llama4", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Name));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_gguf_whose_embeddings_are_not_as_many_as_its_tokens(int more)
    {
        var path = _folder.PathOf("m.gguf");
        using (var source = GgufFile.Open(_model.Path))
        {
            var writer = new GgufWriter();
            foreach (var key in source.Metadata.Keys)
                writer.Add(key, source.Metadata.Find(key)!);
            foreach (var tensor in source.Tensors)
            {
                var isEmbedding = tensor.Name == "token_embd.weight";
                var rows = isEmbedding ? tensor.Dimensions[1] + more : 0;
                writer.AddTensor(tensor.Name, tensor.Type, isEmbedding ? [tensor.Dimensions[0], rows] : tensor.Dimensions, stream =>
                    stream.Write(isEmbedding ? new byte[rows * tensor.Dimensions[0] * 4] : source.Data(tensor).Span(0, (int)tensor.Bytes)));
            }
            writer.Save(path);
        }
        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(path, KernelTier.Simd, 2));
        Assert.Equal("token_embd.weight", error.Field);
        Assert.Contains("tokens", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(64, false)]
    public void A_folder_may_have_more_embeddings_than_tokens_as_padding_but_not_fewer(int more, bool refused)
    {
        var folder = _folder.PathOf("folder");
        using (var source = ModelSource.Open(_model.Path))
            ModelConverter.Convert(source, folder, ModelFormat.Safetensors);
        var tokens = Tokenizer.Open(Path.Combine(folder, "tokenizer.model")).VocabularySize;
        Resize(folder, tokens, more);
        if (refused)
        {
            var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(folder, KernelTier.Simd, 2));
            Assert.Contains("the rows of model.embed_tokens.weight", error.Message, StringComparison.Ordinal);
            return;
        }
        using var model = LlamaModel.Load(folder, KernelTier.Simd, 2);
        Assert.Equal((tokens, tokens + more), (model.Tokenizer.VocabularySize, model.Config.VocabularySize));

        // In GGUF each row has a token, and so the padding, too.
        var gguf = _folder.PathOf("padded.gguf");
        using (var source = ModelSource.Open(folder))
            ModelConverter.Convert(source, gguf, ModelFormat.Gguf);
        using var padded = LlamaModel.Load(gguf, KernelTier.Simd, 2);
        Assert.Equal(tokens + more, padded.Tokenizer.VocabularySize);
        int[] ids = [1, 260, 270, 265];
        Assert.Equal(
            MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(model, ids)).ToArray(),
            MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(padded, ids)).ToArray());
    }

    /// <summary>Gives a folder's model other numbers of rows for its tokens than its tokenizer has tokens.</summary>
    private static void Resize(string folder, int tokens, int more)
    {
        var tensors = new List<(SafetensorsTensor Tensor, byte[] Data)>();
        using (var model = SafetensorsModel.Open(folder))
            tensors.AddRange(model.Tensors.Select(item => (item.Tensor, item.File.Data(item.Tensor).Span(0, (int)item.Tensor.Bytes).ToArray())));
        File.Delete(Path.Combine(folder, "model.safetensors"));
        SafetensorsWriter.Write(name => Path.Combine(folder, name), [.. tensors.Select(item =>
        {
            var isForTokens = item.Tensor.Shape[0] == tokens;
            var (rows, data) = (item.Tensor.Shape[0] + (isForTokens ? more : 0), item.Data);
            Array.Resize(ref data, (int)(data.Length / item.Tensor.Shape[0] * rows));
            return new OutputTensor(item.Tensor.Name, TensorType.F32, [.. item.Tensor.Shape.Skip(1).Reverse(), rows], stream => stream.Write(data));
        })]);
        var config = Path.Combine(folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace($"\"vocab_size\": {tokens}", $"\"vocab_size\": {tokens + more}", StringComparison.Ordinal));
    }
}
