using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>The same logits come out of every way to compute them.</summary>
public sealed class LogitsAgreementTests : IDisposable
{
    private readonly TemporaryModel _file = new(new TinyModel());
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
            var whole = ReferenceModel.Logits(model, _ids, chunkTokens: 33);
            var chunked = ReferenceModel.Logits(model, _ids, chunkTokens: chunkTokens);
            Assert.Equal(MemoryMarshal.Cast<float, int>(whole).ToArray(), MemoryMarshal.Cast<float, int>(chunked).ToArray());
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
