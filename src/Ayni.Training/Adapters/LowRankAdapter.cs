using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// A low-rank adapter (Hu et al. 2021, arXiv:2106.09685) of some of a model's matrices: what is trained when the model itself stays as it
/// is, and what is written as a PEFT folder.
/// </summary>
public sealed class LowRankAdapter
{
    private readonly ImmutableArray<(string Name, Parameter Down, Parameter Up)> _factors;

    private LowRankAdapter(AdapterConfig config, IEnumerable<(string, Parameter, Parameter)> factors)
    {
        Config = config;
        _factors = [.. factors];
    }

    /// <summary>Rank, scale and the rest.</summary>
    public AdapterConfig Config { get; }

    /// <summary>The factors of all matrices.</summary>
    public IEnumerable<Parameter> Parameters => _factors.SelectMany(factors => (Parameter[])[factors.Down, factors.Up]);

    /// <summary>
    /// A new adapter, which changes nothing yet: A is uniform within ±1 / √columns, B is 0. The same seed gives the same adapter.
    /// </summary>
    /// <param name="model">The model to be adapted.</param>
    /// <param name="config">Rank, scale and targets.</param>
    /// <param name="seed">What A follows from.</param>
    /// <exception cref="ArgumentException">The model has none of the targets.</exception>
    public static LowRankAdapter Create(TrainableModel model, AdapterConfig config, ulong seed)
    {
        var random = new SplitMix64(seed);
        var factors = new List<(string, Parameter, Parameter)>();
        foreach (var (name, projection) in model.AdaptableProjections)
        {
            if (AdapterConfig.TargetOf(name) is not { } target || !config.Targets.Contains(target))
                continue;
            var weight = projection.Weight;
            var down = new float[checked(config.Rank * weight.Columns)];
            var bound = 1 / Math.Sqrt(weight.Columns);
            foreach (ref var value in down.AsSpan())
                value = (float)(((random.Next() >> 11) * (2.0 / (1UL << 53)) - 1) * bound);
            factors.Add(Factors(name, weight, config.Rank, down, new float[checked(config.Rank * weight.Rows)]));
        }
        return factors.Count > 0
            ? new LowRankAdapter(config, factors)
            : throw new ArgumentException($"The model has none of the matrices {string.Join(", ", config.Targets)}.", nameof(config));
    }

    /// <summary>Reads a PEFT folder.</summary>
    /// <param name="folder">The folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</param>
    /// <param name="model">The model that it belongs to.</param>
    /// <exception cref="ModelFormatException">It is no adapter that Ayni computes, or one of another model.</exception>
    public static LowRankAdapter Read(string folder, TrainableModel model)
    {
        var weights = model.AdaptableProjections.ToDictionary(item => item.Name, item => item.Projection.Weight, StringComparer.Ordinal);
        var (config, matrices) = AdapterFolder.Read(
            folder, model.Config, name => weights.TryGetValue(name, out var weight) ? (weight.Rows, weight.Columns) : null);
        return new LowRankAdapter(config, matrices.Select(matrix =>
            Factors(matrix.Name, weights[matrix.Name], config.Rank, matrix.Down, matrix.Up)));
    }

    /// <summary>Writes a PEFT folder.</summary>
    /// <param name="folder">The folder; made where it is not there. The two files in it are replaced.</param>
    /// <param name="model">The model that it belongs to.</param>
    /// <param name="provenance">The digest of the manifest of what it learned from, or null.</param>
    public void Write(string folder, TrainableModel model, string? provenance = null) =>
        AdapterFolder.Write(folder, Config, model.Config, Matrices(parameter => parameter.Values), provenance);

    /// <summary>Writes the factors' gradients under PEFT's names.</summary>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="model">The model that it belongs to.</param>
    public void WriteGradients(string path, TrainableModel model) =>
        AdapterFolder.WriteTensors(path, model.Config, Config.Rank, Matrices(parameter => parameter.Gradient));

    internal void AttachTo(TrainableModel model)
    {
        var projections = model.AdaptableProjections.ToDictionary(item => item.Name, item => item.Projection, StringComparer.Ordinal);
        for (var i = 0; i < _factors.Length; i++)
        {
            var (name, down, up) = _factors[i];
            projections[name].Adapter = new LowRankFactors(down, up, (float)Config.Scaling, Config.Dropout, i);
        }
    }

    private IReadOnlyList<AdapterMatrix> Matrices(Func<Parameter, float[]> values) =>
        [.. _factors.Select(factors => new AdapterMatrix(factors.Name, values(factors.Down), values(factors.Up)))];

    private static (string, Parameter, Parameter) Factors(string name, Parameter weight, int rank, float[] down, float[] up) => (
        name,
        new Parameter(name + ".lora_a", ParameterRole.Adapter, rank, weight.Columns, down),
        new Parameter(name + ".lora_b", ParameterRole.Adapter, weight.Rows, rank, up));
}
