using System.Security.Cryptography;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>
/// Packed weights in a file beside their model: the same answers without packing, and packed again whenever anything is not as it was.
/// </summary>
public sealed class PackCacheTests : IDisposable
{
    private const int HeadBytes = 64;

    private readonly TemporaryModel _file = new(new TinyModel());
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public PackCacheTests()
    {
        _model = _folder.PathOf("model.gguf");
        using var source = GgufFile.Open(_file.Path);
        ModelQuantizer.Quantize(source, _model, QuantizationMix.Find("Q4_0")!);
    }

    private string CachePath => Assert.Single(Directory.GetFiles(_folder.Name, "*.packed"));

    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(KernelTier.Compiled)]
    [InlineData(KernelTier.Simd)]
    public void The_second_start_maps_what_the_first_packed(KernelTier tier)
    {
        var plain = Logits(tier, packCache: false, out _);
        Assert.Empty(Directory.GetFiles(_folder.Name, "*.packed"));
        Assert.Equal(plain, Logits(tier, packCache: true, out var isPacked));
        Assert.True(isPacked);
        var written = File.GetLastWriteTimeUtc(CachePath);
        Assert.Equal(plain, Logits(tier, packCache: true, out isPacked));
        Assert.False(isPacked);
        Assert.Equal(written, File.GetLastWriteTimeUtc(CachePath));
        Assert.Empty(Directory.GetFiles(_folder.Name, "*.partial"));
    }

    [Fact]
    public void Each_layout_has_a_file_of_its_own_and_the_scalar_tier_none()
    {
        _ = Logits(KernelTier.Scalar, packCache: true, out _);
        Assert.Empty(Directory.GetFiles(_folder.Name, "*.packed"));
        _ = Logits(KernelTier.Simd, packCache: true, out _);
        Assert.EndsWith("model.gguf.simd.packed", CachePath, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_was_written_anew_is_packed_again()
    {
        _ = Logits(KernelTier.Simd, packCache: true, out _);
        using (var other = new TemporaryModel(new TinyModel { Layers = 2, Organization = "Other" }))
        using (var source = GgufFile.Open(other.Path))
            ModelQuantizer.Quantize(source, _model, QuantizationMix.Find("Q5_0")!);
        var plain = Logits(KernelTier.Simd, packCache: false, out _);
        Assert.Equal(plain, Logits(KernelTier.Simd, packCache: true, out var isPacked));
        Assert.True(isPacked);
        Assert.Equal(plain, Logits(KernelTier.Simd, packCache: true, out isPacked));
        Assert.False(isPacked);
    }

    [Fact]
    public void A_file_that_was_cut_is_made_again()
    {
        var plain = Logits(KernelTier.Simd, packCache: true, out _);
        var whole = File.ReadAllBytes(CachePath);
        foreach (var length in (int[])[0, 1, HeadBytes - 1, HeadBytes, HeadBytes + 31, 4096, whole.Length - 4096, whole.Length - 1])
        {
            File.WriteAllBytes(CachePath, whole[..length]);
            Assert.Equal(plain, Logits(KernelTier.Simd, packCache: true, out var isPacked));
            Assert.True(isPacked);
            Assert.Equal(whole, File.ReadAllBytes(CachePath));
        }
    }

    [Fact]
    public void A_bit_that_flipped_before_the_weights_is_noticed()
    {
        _ = Logits(KernelTier.Simd, packCache: true, out _);
        var (path, key) = (CachePath, Key());
        var whole = File.ReadAllBytes(path);
        var directoryBytes = (int)BitConverter.ToInt64(whole, 16);
        Assert.NotNull(Open(path, key));
        for (var i = 0; i < directoryBytes; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= (byte)(1 << i % 8);
            File.WriteAllBytes(path, damaged);
            Assert.Null(Open(path, key));
        }
    }

    [Fact]
    public void A_directory_that_lies_gives_nothing_outside_the_file()
    {
        _ = Logits(KernelTier.Simd, packCache: true, out _);
        var (path, key) = (CachePath, Key());
        var whole = File.ReadAllBytes(path);
        var directoryBytes = (int)BitConverter.ToInt64(whole, 16);
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var damaged = whole.ToArray();
            // Numbers of matrices, names, shapes and places that are wrong in every way, under a hash that is right.
            for (var change = 0; change <= round % 3; change++)
            {
                var at = random.Next(5) == 0 ? random.Next(12, 32) : random.Next(HeadBytes, directoryBytes - SHA256.HashSizeInBytes);
                damaged[at] = random.Next(3) switch { 0 => 0xFF, 1 => 0, _ => (byte)random.Next(256) };
            }
            SHA256.HashData(damaged.AsSpan(0, directoryBytes - 32), damaged.AsSpan(directoryBytes - 32));
            File.WriteAllBytes(path, damaged);
            using var cache = PackCache.TryOpen(path, key);
            // Slices are checked against the mapping; a shape that is not the model's is not found.
            if (cache?.Find("blk.0.ffn_up.weight", TensorType.Q4_0, 192, 64) is { } data)
                Assert.InRange(data.Bytes, 0, whole.Length);
        }
        File.WriteAllBytes(path, whole[..directoryBytes]);
        Assert.Null(Open(path, key));
    }

    [Fact]
    public void Weights_of_a_length_that_is_not_the_shape_s_are_refused()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        using var buffer = new NativeBuffer(16 * 18 * 2);
        var data = new TensorData(buffer);
        PackedMatrix.FromPacked(data, TensorType.Q4_0, 16, 64, context).Dispose();
        Assert.Throws<ShapeMismatchException>(() => PackedMatrix.FromPacked(data.Slice(0, 18), TensorType.Q4_0, 16, 64, context));
        Assert.Throws<ArgumentException>(() => PackedMatrix.FromPacked(data.Slice(1, 288), TensorType.Q4_0, 16, 32, context));
        using var scalar = new ComputeContext(KernelTier.Scalar, 1);
        Assert.Throws<NotSupportedException>(() => PackedMatrix.FromPacked(data, TensorType.Q4_0, 16, 64, scalar));
    }

    [Fact]
    public void Where_it_can_t_be_written_the_model_runs_all_the_same_and_says_so()
    {
        // A folder is in the way.
        Directory.CreateDirectory(PackCache.PathFor(_model, "simd"));
        using var model = LlamaModel.Load(_model, KernelTier.Simd, 1, packCache: true);
        Assert.Contains("model.gguf.simd.packed", model.PackCacheRefusal, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Name, "*.partial"));
    }

    private static PackCache? Open(string path, byte[] key)
    {
        var cache = PackCache.TryOpen(path, key);
        cache?.Dispose();
        return cache;
    }

    private byte[] Key()
    {
        using var source = ModelSource.Open(_model);
        return PackCache.KeyOf(source.ComputeFingerprint(), "simd");
    }

    private float[] Logits(KernelTier tier, bool packCache, out bool isPacked)
    {
        using var model = LlamaModel.Load(_model, tier, 2, packCache);
        Assert.Null(model.PackCacheRefusal);
        isPacked = model.PackingTime > TimeSpan.Zero;
        using var evaluator = new SequenceEvaluator(model, 8);
        var all = new List<float>();
        evaluator.Evaluate([1, 5, 9], 0, logits => all.AddRange(logits));
        return [.. all];
    }
}
