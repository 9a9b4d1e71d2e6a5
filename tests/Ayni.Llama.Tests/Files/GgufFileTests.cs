using Ayni.Kernels;

namespace Ayni.Llama.Tests;

public sealed class GgufFileTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Versions_2_and_3_open(int version)
    {
        using var folder = new TemporaryFolder();
        var bytes = new RawGguf((uint)version, tensors: 1, pairs: 1).Pair("general.name", 8).Text("تجربة")
            .Tensor("w", TensorType.F32, 0, 2, 3).Pad().Bytes(Enumerable.Range(1, 24).Select(i => (byte)i).ToArray()).ToArray();
        using var file = GgufFile.Open(folder.Write("m.gguf", bytes));

        Assert.Equal(version, file.Version);
        Assert.Equal(32, file.Alignment);
        Assert.Equal(bytes.Length, file.FileBytes);
        Assert.Equal("تجربة", file.Metadata.FindString("general.name"));
        var tensor = Assert.Single(file.Tensors);
        Assert.Equal("w F32 [2, 3]", tensor.ToString());
        Assert.Equal((24, 6, bytes.Length - 24), (tensor.Bytes, tensor.Weights, tensor.Offset));
        Assert.Equal(Enumerable.Range(1, 24), file.Data(tensor).Span(0, 24).ToArray().Select(b => (int)b));
        Assert.Same(tensor, file.Find("w"));
        Assert.Null(file.Find("W"));
    }

    [Fact]
    public void A_file_with_nothing_in_it_opens()
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(folder.Write("m.gguf", new RawGguf().ToArray()));
        Assert.Empty(file.Metadata.Keys);
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Gaps_between_tensors_any_order_and_bytes_after_the_last_are_allowed()
    {
        using var folder = new TemporaryFolder();
        var bytes = new RawGguf(tensors: 2).Tensor("late", TensorType.F32, 96, 1).Tensor("early", TensorType.F32, 0, 8)
            .Pad().Bytes(new byte[96]).Bytes([0, 0, 0x80, 0x3F]).Bytes(new byte[500]).ToArray();
        using var file = GgufFile.Open(folder.Write("m.gguf", bytes));
        Assert.Equal(["late", "early"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(1f, BitConverter.ToSingle(file.Data(file.Require("late")).Span(0, 4)));
    }

    [Theory]
    [InlineData(TensorType.IQ1_S, 50)]
    [InlineData(TensorType.IQ1_M, 56)]
    [InlineData(TensorType.IQ2_XXS, 66)]
    [InlineData(TensorType.IQ2_XS, 74)]
    [InlineData(TensorType.IQ2_S, 82)]
    [InlineData(TensorType.IQ3_XXS, 98)]
    [InlineData(TensorType.IQ3_S, 110)]
    [InlineData(TensorType.NVFP4, 144)]
    public void Known_types_that_are_not_readable_open_and_are_refused_by_name_when_a_model_needs_them(TensorType type, int bytesOf256)
    {
        using var folder = new TemporaryFolder();
        var bytes = new RawGguf(tensors: 1).Tensor("blk.0.ffn_up.weight", type, 0, 256, 2)
            .Pad().Bytes(new byte[2 * bytesOf256]).ToArray();
        using var file = GgufFile.Open(folder.Write("m.gguf", bytes));
        var tensor = Assert.Single(file.Tensors);
        Assert.Equal(2 * bytesOf256, file.Data(tensor).Bytes);
        var error = Assert.Throws<ModelFormatException>(() => file.Require("blk.0.ffn_up.weight"));
        Assert.Equal(("blk.0.ffn_up.weight", 24), (error.Field, error.Offset));
        Assert.Contains(
            $"has type {type}, which Ayni does not read; readable: F32, F16, BF16, Q4_0, Q4_1, Q5_0",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_is_not_there_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        using var file = GgufFile.Open(folder.Write("m.gguf", new RawGguf().ToArray()));
        var error = Assert.Throws<ModelFormatException>(() => file.Require("output_norm.weight"));
        Assert.Equal("output_norm.weight", error.Field);
    }

    [Fact]
    public void A_closed_file_gives_no_data_and_those_given_can_no_longer_be_read()
    {
        using var folder = new TemporaryFolder();
        var bytes = new RawGguf(tensors: 1).Tensor("w", TensorType.F32, 0, 1).Pad().Bytes(new byte[4]).ToArray();
        var path = folder.Write("m.gguf", bytes);
        var file = GgufFile.Open(path);
        var other = GgufFile.Open(path);
        var data = file.Data(file.Tensors[0]);
        Assert.Throws<ArgumentException>(() => file.Data(other.Tensors[0]));
        other.Dispose();
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Data(file.Tensors[0]));
        Assert.Throws<ObjectDisposedException>(() => { data.Span(0, 4); });
        Assert.Equal("w", file.Tensors[0].Name);
    }

    [Fact]
    public void A_refused_file_is_closed_again()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("m.gguf", new RawGguf(version: 9).ToArray());
        Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        // Exclusive access is refused while anybody has the file open.
        using var alone = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }
}
