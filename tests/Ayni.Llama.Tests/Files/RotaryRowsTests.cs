using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>The row permutation between Hugging Face's files and GGUF, both ways.</summary>
public sealed class RotaryRowsTests
{
    [Fact]
    public void A_row_of_the_second_half_follows_its_partner_of_the_first()
    {
        var halves = TensorData.CopyOf([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);
        using var pairs = RotaryRows.ToAdjacentPairs(halves, rows: 12, headDim: 6);
        Assert.Equal([0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15], pairs.Span<byte>(0, 12).ToArray());
        using var back = RotaryRows.ToHalves(new TensorData(pairs), rows: 12, headDim: 6);
        Assert.Equal(halves.Span(0, 12), back.Span<byte>(0, 12));
    }

    [ConformanceTheory]
    [InlineData("llama3-tiny")]
    [InlineData("stories260K")]
    public void Both_files_of_a_model_give_the_same_bits(string name)
    {
        using var folder = ModelSource.Open(Conformance.PathOf("models", name));
        using var gguf = ModelSource.Open(Conformance.PathOf("models", name, $"{name}-f32.gguf"));
        var names = gguf.Tensors.Select(tensor => tensor.Name).Where(tensor => tensor != "rope_freqs.weight").Order(StringComparer.Ordinal);
        Assert.Equal(names, folder.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        var headDim = folder.ReadConfig(null).HeadDim;
        foreach (var tensor in folder.Tensors)
        {
            var twin = gguf.Tensors.Single(other => other.Name == tensor.Name);
            using var mine = folder.Read(tensor);
            using var other = gguf.Read(twin);
            Assert.Equal(twin.Type, tensor.Type);
            Assert.Equal(twin.Dimensions.AsEnumerable(), tensor.Dimensions);
            Assert.True(Bytes(other.Data).SequenceEqual(Bytes(mine.Data)), tensor.StoredName);
            if (tensor.Name.EndsWith("attn_q.weight", StringComparison.Ordinal) || tensor.Name.EndsWith("attn_k.weight", StringComparison.Ordinal))
                AssertInverse(name, tensor, other.Data, headDim);
        }
    }

    private static void AssertInverse(string name, ModelTensor tensor, TensorData pairs, int headDim)
    {
        using var file = SafetensorsFile.Open(Conformance.PathOf("models", name, "model.safetensors"));
        using var halves = RotaryRows.ToHalves(pairs, (int)tensor.Dimensions[1], headDim);
        var stored = file.Data(file.Find(tensor.StoredName)!);
        Assert.True(Bytes(stored).SequenceEqual(halves.Span<byte>(0, (int)halves.Bytes)), tensor.StoredName);
        Assert.False(Bytes(stored).SequenceEqual(Bytes(pairs)), "the two orders should differ");
    }

    private static ReadOnlySpan<byte> Bytes(TensorData data) => data.Span(0, checked((int)data.Bytes));
}
