using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Rotary frequencies for longer contexts, from every way that files say them.</summary>
public sealed class RotaryScalingTests
{
    // By the reference formula in Python: 32 values of base 10000, factor 4, original context 2048; pairs 4 to 11 are blended.
    private static readonly double[] Yarn =
    [
        1.0, 0.5623413251903491, 0.31622776601683794, 0.1778279410038923, 0.1, 0.050209046891995464, 0.024846467329894407, 0.012066895996692691,
        0.005714285714285714, 0.0026108704383837637, 0.0011293848786315642, 0.0004445698525097307, 0.00025, 0.00014058533129758727,
        7.905694150420948e-05, 4.445698525097307e-05,
    ];

    private static readonly LlamaConfig Plain = new()
    {
        HiddenSize = 64,
        IntermediateSize = 64,
        LayerCount = 1,
        HeadCount = 2,
        KeyValueHeadCount = 2,
        HeadDim = 32,
        RotaryDim = 32,
        RopeTheta = 10_000,
        RmsNormEpsilon = 1e-5f,
        VocabularySize = 64,
        ContextLength = 8192,
    };

    [ConformanceFact]
    public void Tables_of_real_shapes_agree()
    {
        using var tables = JsonDocument.Parse(File.ReadAllText(Conformance.PathOf("models", "rope_tables.json")));
        foreach (var table in tables.RootElement.EnumerateArray())
        {
            var scaling = table.GetProperty("rope_scaling");
            var config = ReadFolderConfig(
                $"\"head_dim\":{table.GetProperty("head_dim")},\"rope_theta\":{table.GetProperty("rope_theta")},\"rope_scaling\":{scaling.GetRawText()}");
            AssertAgree(table.GetProperty("inv_freq"), config.InverseFrequencies([]));
            if (table.TryGetProperty("gguf_rope_freqs_divisors", out var divisors))
            {
                var fromGguf = config with { RotaryScaling = null };
                AssertAgree(table.GetProperty("inv_freq"), fromGguf.InverseFrequencies([.. divisors.EnumerateArray().Select(d => d.GetSingle())]));
            }
        }
    }

    [ConformanceTheory]
    [InlineData("llama31-tiny")]
    [InlineData("llama32-tiny")]
    public void Tables_of_the_reference_models_agree(string name)
    {
        using var table = JsonDocument.Parse(File.ReadAllText(Conformance.PathOf("models", name, "rope_frequencies.json")));
        using var source = ModelSource.Open(Conformance.PathOf("models", name));
        var config = source.ReadConfig(null);
        AssertAgree(table.RootElement.GetProperty("inv_freq_scaled"), config.InverseFrequencies([]));
        AssertAgree(table.RootElement.GetProperty("inv_freq_unscaled"), (config with { RotaryScaling = null }).InverseFrequencies([]));
    }

    [Fact]
    public void Linear_scaling_slows_every_pair_alike_from_either_file()
    {
        var expected = Plain.InverseFrequencies([]).Select(frequency => frequency / 2.5).ToArray();
        AssertAgree(expected, ReadFolderConfig("\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.5}").InverseFrequencies([]));
        AssertAgree(expected, ReadGgufConfig(("llama.rope.scaling.type", "linear"), ("llama.rope.scaling.factor", 2.5f)).InverseFrequencies([]));
        AssertAgree(expected, ReadGgufConfig(("llama.rope.scale_linear", 2.5f)).InverseFrequencies([]));
        Assert.Null(ReadGgufConfig(("llama.rope.scaling.type", "none"), ("llama.rope.scaling.factor", 2.5f)).RotaryScaling);
        Assert.Null(ReadGgufConfig(("llama.rope.scaling.factor", 0f)).RotaryScaling);
        Assert.Null(ReadFolderConfig("\"rope_scaling\":{\"rope_type\":\"default\"}").RotaryScaling);
    }

    [Fact]
    public void Yarn_blends_between_pairs_and_sharpens_attention_from_either_file()
    {
        var folder = ReadFolderConfig("\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":2048}");
        var gguf = ReadGgufConfig(
            ("llama.rope.scaling.type", "yarn"), ("llama.rope.scaling.factor", 4f), ("llama.rope.scaling.original_context_length", 2048u));
        foreach (var config in (LlamaConfig[])[folder, gguf])
        {
            AssertAgree(Yarn, config.InverseFrequencies([]));
            Assert.Equal(1.1386294361119891, config.RotaryScaling!.Magnitude, 1e-12);
        }
        var newer = ReadFolderConfig(
            "\"rope_parameters\":{\"rope_type\":\"yarn\",\"rope_theta\":5000,\"factor\":4,\"original_max_position_embeddings\":2048,\"attention_factor\":1.5}");
        Assert.Equal(5000, newer.RopeTheta);
        Assert.Equal(1.5, newer.RotaryScaling!.Magnitude);
        var weighted = ReadFolderConfig(
            "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":40,\"original_max_position_embeddings\":2048,\"mscale\":1.0,\"mscale_all_dim\":0.5}");
        Assert.Equal((0.1 * Math.Log(40) + 1) / (0.05 * Math.Log(40) + 1), weighted.RotaryScaling!.Magnitude, 1e-12);
    }

    [Theory]
    [InlineData("llama.rope.scaling.type", "longrope", "'longrope' is not supported")]
    [InlineData("llama.rope.scaling.factor", -1f, "not a positive number")]
    [InlineData("llama.rope.scaling.factor", float.NaN, "not a positive number")]
    [InlineData("llama.rope.scale_linear", float.PositiveInfinity, "not a positive number")]
    public void An_impossible_scaling_is_refused_by_its_key(string key, object value, string words)
    {
        var error = Assert.Throws<ModelFormatException>(() => ReadGgufConfig((key, value)));
        Assert.Equal(key, error.Field);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"rope_type\":\"dynamic\",\"factor\":2}", "rope_scaling.rope_type", "'dynamic' is not supported")]
    [InlineData("{\"rope_type\":\"linear\"}", "rope_scaling.factor", "missing")]
    [InlineData("{\"rope_type\":\"linear\",\"factor\":-2}", "rope_scaling.factor", "not a positive number")]
    [InlineData("{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4}", "rope_scaling.original_max_position_embeddings", "missing")]
    [InlineData("3", "rope_scaling", "expected Object")]
    public void An_impossible_scaling_is_refused_by_its_field(string scaling, string field, string words)
    {
        var error = Assert.Throws<ModelFormatException>(() => ReadFolderConfig($"\"rope_scaling\":{scaling}"));
        Assert.Equal(field, error.Field);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private static LlamaConfig ReadFolderConfig(string fields)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("config.json");
        File.WriteAllText(path, $$"""
            {"model_type":"llama","hidden_size":64,"intermediate_size":64,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":64,
             "max_position_embeddings":8192,{{fields}}}
            """);
        return HuggingFaceConfig.Read(JsonFields.Read(path));
    }

    private static LlamaConfig ReadGgufConfig(params (string Key, object Value)[] more)
    {
        (string Key, object Value)[] pairs =
        [
            ("general.architecture", "llama"), ("llama.embedding_length", 64u), ("llama.attention.head_count", 2u), ("llama.block_count", 1u),
            ("llama.feed_forward_length", 64u), ("llama.context_length", 8192u), ("llama.attention.layer_norm_rms_epsilon", 1e-5f), .. more,
        ];
        return GgufConfig.Read(new GgufMetadata("m.gguf", pairs.Select(pair => (pair.Key, pair.Value, 0L))), vocabularySize: 64);
    }

    private static void AssertAgree(JsonElement expected, double[] actual) => AssertAgree([.. expected.EnumerateArray().Select(v => v.GetDouble())], actual);

    private static void AssertAgree(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(actual[i] / expected[i] - 1) <= 1e-6, $"pair {i}: expected {expected[i]}, got {actual[i]}");
    }
}
