using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>The same logits come out of every way to compute them.</summary>
public sealed class LogitsAgreementTests : IDisposable
{
    private readonly TemporaryModel _file = new(new TinyModel { Dim = 128 });
    private readonly int[] _ids = [1, .. Enumerable.Range(0, 99).Select(i => (i * 37 + 11) % 280)];

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData(1, 2)]
    [InlineData(7, 1)]
    [InlineData(16, 3)]
    [InlineData(100, 2)]
    public void Chunks_of_any_length_give_the_same_bits(int chunkTokens, int threads)
    {
        foreach (var tier in (KernelTier[])[KernelTier.Simd, KernelTier.Compiled])
        {
            using var model = LlamaModel.Load(_file.Path, tier, threads);
            foreach (var type in Enum.GetValues<CacheType>())
            {
                var whole = ReferenceModel.Logits(model, _ids, chunkTokens: 33, cacheType: type);
                var chunked = ReferenceModel.Logits(model, _ids, chunkTokens: chunkTokens, cacheType: type);
                Assert.Equal(MemoryMarshal.Cast<float, int>(whole).ToArray(), MemoryMarshal.Cast<float, int>(chunked).ToArray());
            }
        }
    }

    [Fact]
    public void The_vector_tier_agrees_with_the_scalar_reference()
    {
        using var vector = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);
        using var scalar = LlamaModel.Load(_file.Path, KernelTier.Scalar, 1);
        var (actual, expected) = (ReferenceModel.Logits(vector, _ids), ReferenceModel.Logits(scalar, _ids));
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-4f);
    }

    /// <summary>Tiers round a value near the middle of two differently at times, so they agree within what the type rounds.</summary>
    [Theory]
    [InlineData(CacheType.F16, 2e-3)]
    [InlineData(CacheType.BF16, 2e-2)]
    [InlineData(CacheType.Q8_0, 2e-2)]
    public void A_rounded_cache_changes_little_and_in_every_tier_alike(CacheType type, double tolerance)
    {
        using var vector = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);
        using var scalar = LlamaModel.Load(_file.Path, KernelTier.Scalar, 1);
        var exact = ReferenceModel.Logits(vector, _ids);
        var rounded = ReferenceModel.Logits(vector, _ids, cacheType: type);
        var expected = ReferenceModel.Logits(scalar, _ids, cacheType: type);
        var deviation = Distance(exact, new float[exact.Length]);
        Assert.InRange(Distance(exact, rounded) / deviation, 1e-7, tolerance);
        Assert.InRange(Distance(expected, rounded) / deviation, 0, tolerance / 2);

        // Of letters only: the others' logits are a large constant.
        double Distance(float[] a, float[] b) => Math.Sqrt(
            a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Where((_, i) => i % vector.Config.VocabularySize >= 259).Sum());
    }

    [Fact]
    public void A_later_start_changes_nothing_but_rounding()
    {
        // Attention depends on distances only, so a whole text moved along gives the same logits.
        using var model = LlamaModel.Load(_file.Path, KernelTier.Simd, 2);
        var (atZero, later) = (ReferenceModel.Logits(model, _ids), ReferenceModel.Logits(model, _ids, startPosition: 100_000));
        for (var i = 0; i < atZero.Length; i++)
            Assert.Equal(atZero[i], later[i], 1e-3f);
        Assert.NotEqual(atZero, later);
    }
}
