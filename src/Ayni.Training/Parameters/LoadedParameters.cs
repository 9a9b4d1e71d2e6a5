using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Parameters with the values of a model's checked weights.</summary>
internal sealed class LoadedParameters : ParameterBuilder
{
    private readonly LlamaWeights _weights;
    private readonly ILookup<string, Projection> _projections;

    private readonly bool _keepsMatrices;

    /// <param name="config">The shape.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="keepsMatrices">Whether matrices, unless they are in float32 anyway, stay as they are.</param>
    public LoadedParameters(LlamaConfig config, LlamaWeights weights, bool keepsMatrices)
        : base(config)
    {
        _keepsMatrices = keepsMatrices;
        _weights = weights;
        _projections = weights.Projections.ToLookup(projection => projection.Name, StringComparer.Ordinal);
    }

    protected override bool TiesEmbeddings => ReferenceEquals(_weights.OutputHead, _weights.TokenEmbedding);

    protected override double[] InverseFrequencies => _weights.InverseFrequencies;

    protected override bool Has(string name) => BiasOf(name) is not null;

    protected override Parameter Make(string name, ParameterRole role, int rows, int columns, int? expert = null) =>
        _keepsMatrices && role is ParameterRole.Embedding or ParameterRole.Head or ParameterRole.Matrix
            && MatrixOf(name, role, expert) is { Type: not TensorType.F32 } matrix
            ? new Parameter(name, role, matrix, expert)
            : base.Make(name, role, rows, columns, expert);

    protected override float[] ValuesOf(string name, ParameterRole role, int rows, int columns, int? expert) => role switch
    {
        ParameterRole.Bias => BiasOf(name)!,
        ParameterRole.Norm => NormOf(name),
        _ => Read(MatrixOf(name, role, expert)),
    };

    private PackedMatrix MatrixOf(string name, ParameterRole role, int? expert) => role switch
    {
        ParameterRole.Embedding => _weights.TokenEmbedding,
        ParameterRole.Head => _weights.OutputHead,
        _ => _projections[name].ElementAt(expert ?? 0).Matrix,
    };

    private float[]? BiasOf(string name) => _projections[name[..^"bias".Length] + "weight"].FirstOrDefault()?.Bias;

    private float[] NormOf(string name)
    {
        var parts = name.Split('.');
        if (parts is not ["blk", var layer, var part, _])
            return _weights.OutputNorm;
        var weights = _weights.Layers[int.Parse(layer, System.Globalization.CultureInfo.InvariantCulture)];
        return part == "attn_norm" ? weights.AttentionNorm : weights.FeedForwardNorm;
    }

    private static float[] Read(PackedMatrix matrix)
    {
        var length = (long)matrix.Rows * matrix.Columns;
        if (length > Array.MaxLength)
            throw new NotSupportedException($"A matrix of {matrix.Rows} by {matrix.Columns} is too large to be trained here.");
        var values = new float[length];
        for (var row = 0; row < matrix.Rows; row++)
            matrix.CopyRow(row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        return values;
    }
}
