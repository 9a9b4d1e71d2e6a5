using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary><c>AYNI_KERNELS</c> chooses the arithmetic.</summary>
public sealed class KernelTierTests : IDisposable
{
    private const string Variable = "AYNI_KERNELS";

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public KernelTierTests() => _model = _folder.Write(new TinyModel());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_tier_gives_the_same_logits_and_an_unknown_one_warns_once()
    {
        var (scalar, scalarError) = await LogitsAsync("scalar");
        var (simd, simdError) = await LogitsAsync("simd");
        Assert.Equal("", scalarError + simdError);
        Assert.All(scalar.Zip(simd), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));

        var (compiled, compiledError) = await LogitsAsync("compiled");
        Assert.All(scalar.Zip(compiled), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.Equal("", compiledError);

        var (avx2, avx2Error) = await LogitsAsync("avx2");
        Assert.All(scalar.Zip(avx2), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.Equal("", avx2Error);

        var (nonsense, nonsenseError) = await LogitsAsync("nonsense");
        Assert.Equal(compiled, nonsense);
        Assert.Contains(
            "nonsense", Assert.Single(nonsenseError.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private async Task<(float[] Logits, string Error)> LogitsAsync(string tier)
    {
        var path = _folder.PathOf($"{tier}.npy");
        string[] arguments = ["logits", "--model", _model, "--tokens", "1,259,263,270,281,260", "--out", path];
        var result = (await AyniCommand.RunAsync(arguments, "", (Variable, tier))).Succeeded();
        return (Numpy.Read(path).Values, result.Error);
    }
}
