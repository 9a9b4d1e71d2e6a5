using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>What no reference data holds, against a forward pass in double precision written for these tests.</summary>
public sealed class PlainTransformerTests
{
    private static readonly int[] Ids = [1, .. Enumerable.Range(0, 59).Select(i => (i * 37 + 11) % 280)];

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(1, false)]
    [InlineData(5, true)]
    [InlineData(16, false)]
    [InlineData(33, false)]
    [InlineData(400, false)]
    public void Biases_and_sliding_windows_give_the_textbooks_logits(int? window, bool hasBiases)
    {
        using var file = new TemporaryModel(new TinyModel { SlidingWindow = window, HasBiases = hasBiases });
        var expected = new PlainTransformer(file.Path).Logits(Ids);
        foreach (var tier in Enum.GetValues<KernelTier>())
        {
            using var model = LlamaModel.Load(file.Path, tier, threads: 2);
            foreach (var chunkTokens in (int[])[1, 7, 60])
            {
                var actual = ReferenceModel.Logits(model, Ids, chunkTokens: chunkTokens);
                for (var i = 0; i < actual.Length; i++)
                {
                    var (row, column) = Math.DivRem(i, model.Config.VocabularySize);
                    Assert.Equal(expected[row][column], actual[i], 1e-3);
                }
            }
        }
    }

    [Fact]
    public void A_window_and_biases_are_told_by_the_logits()
    {
        double[] Last(TinyModel tiny)
        {
            using var file = new TemporaryModel(tiny);
            return new PlainTransformer(file.Path).Logits(Ids)[^1];
        }
        var plain = Last(new TinyModel());
        Assert.True(plain.Zip(Last(new TinyModel { SlidingWindow = 33 }), (a, b) => Math.Abs(a - b)).Max() > 0.01);
        Assert.True(plain.Zip(Last(new TinyModel { HasBiases = true }), (a, b) => Math.Abs(a - b)).Max() > 0.01);
    }

    [Fact]
    public void A_bias_of_the_wrong_length_or_of_no_matrix_is_refused_by_name()
    {
        using var file = new TemporaryModel(new TinyModel());
        using var whole = GgufFile.Open(file.Path);
        foreach (var (name, length, problem) in ((string, int, string)[])
            [("blk.0.attn_q.bias", 63, "shape"), ("blk.0.attn_norm.bias", 64, "does not use it"), ("blk.2.attn_q.bias", 64, "does not use it")])
        {
            var path = file.Path + "." + length + ".gguf";
            Copy(whole, path, name, length);
            var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(path, KernelTier.Simd));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
            File.Delete(path);
        }
    }

    private static void Copy(GgufFile file, string path, string name, int length)
    {
        var writer = new GgufWriter();
        foreach (var key in file.Metadata.Keys)
            writer.Add(key, file.Metadata.Find(key)!);
        foreach (var tensor in file.Tensors)
            writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(file.Data(tensor).Span(0, (int)tensor.Bytes)));
        writer.AddTensor(name, TensorType.F32, [length], stream => stream.Write(MemoryMarshal.AsBytes<float>(new float[length])));
        writer.Save(path);
    }
}
