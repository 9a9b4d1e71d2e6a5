using System.Text.Json;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Reads what another implementation recorded of a model in the reference data.</summary>
internal static class ReferenceModel
{
    public static LlamaModel Load(string name, KernelTier tier = KernelTier.Simd) =>
        LlamaModel.Load(Conformance.PathOf("models", name, name == "bard" ? "bard.gguf" : $"{name}-f32.gguf"), tier, threads: 2);

    public static JsonElement Case(string model, string name) =>
        Expected(model).GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);

    public static JsonElement Expected(params string[] folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Conformance.PathOf(["models", .. folder, "expected.json"])));
        return document.RootElement.Clone();
    }

    public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];

    /// <summary>All logits, <c>[tokens, vocabulary]</c>, computed so many tokens at a time.</summary>
    public static float[] Logits(
        LlamaModel model, ReadOnlySpan<int> ids, int startPosition = 0, int chunkTokens = 64, CacheType cacheType = CacheType.F32)
    {
        using var evaluator = new SequenceEvaluator(model, ids.Length, chunkTokens, cacheType);
        var logits = new List<float>(ids.Length * model.Config.VocabularySize);
        evaluator.Evaluate(ids, startPosition, row => logits.AddRange(row));
        return [.. logits];
    }

    /// <summary>
    /// Asserts that the recorded rows agree on the whole: the root mean square of differences against the standard deviation.
    /// </summary>
    public static void AssertRelativeError(JsonElement rows, float[] expected, float[] actual, double tolerance)
    {
        var indices = Integers(rows);
        var width = expected.Length / indices.Length;
        var mean = expected.Average(value => (double)value);
        var (errors, deviations) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            var error = expected[i] - (double)actual[indices[i / width] * width + i % width];
            errors += error * error;
            deviations += (expected[i] - mean) * (expected[i] - mean);
        }
        Assert.InRange(Math.Sqrt(errors / deviations), 0, tolerance);
    }

    /// <summary>
    /// Asserts that half of the recorded rows agree, each by the root mean square of its differences against the standard deviation of all.
    /// </summary>
    public static void AssertMostAgree(JsonElement rows, float[] expected, float[] actual, double tolerance)
    {
        var indices = Integers(rows);
        var width = expected.Length / indices.Length;
        var mean = expected.Average(value => (double)value);
        var deviation = Math.Sqrt(expected.Average(value => (value - mean) * (value - mean)));
        var errors = indices.Select((index, row) => Math.Sqrt(Enumerable.Range(0, width).Average(column =>
        {
            var error = expected[row * width + column] - (double)actual[index * width + column];
            return error * error;
        })));
        Assert.InRange(errors.Order().ElementAt(indices.Length / 2) / deviation, 0, tolerance);
    }

    /// <summary>
    /// Asserts that the recorded rows agree: on the whole, where compiled kernels may multiply weights in BF16 with activations rounded to
    /// it.
    /// </summary>
    public static void AssertAgree(LlamaModel model, string folder, JsonElement rows, float[] expected, float[] actual, float tolerance)
    {
        if (model.Context.Tier == KernelTier.Compiled && HasBFloat16(folder))
            AssertRelativeError(rows, expected, actual, 2e-2);
        else
            AssertAgree(rows, expected, actual, tolerance);
    }

    /// <summary>Asserts that the recorded rows agree.</summary>
    public static void AssertAgree(JsonElement rows, float[] expected, float[] actual, float tolerance)
    {
        var indices = Integers(rows);
        var width = expected.Length / indices.Length;
        for (var i = 0; i < indices.Length; i++)
        {
            for (var column = 0; column < width; column++)
            {
                var (wanted, found) = (expected[i * width + column], actual[indices[i] * width + column]);
                Assert.True(MathF.Abs(wanted - found) <= tolerance, $"row {indices[i]}, token {column}: expected {wanted}, got {found}");
            }
        }
    }

    private static bool HasBFloat16(string folder) =>
        Directory.Exists(folder) && File.ReadAllText(Path.Combine(folder, "config.json")).Contains("bfloat16", StringComparison.Ordinal);
}
