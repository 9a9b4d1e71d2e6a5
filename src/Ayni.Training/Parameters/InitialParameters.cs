using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Random parameters of a model that has learned nothing yet.</summary>
internal sealed class InitialParameters(LlamaConfig config, bool tiesEmbeddings, ulong seed) : ParameterBuilder(config)
{
    private const double Deviation = 0.02;

    private SplitMix64 _random = new(seed);

    protected override bool TiesEmbeddings => tiesEmbeddings;

    protected override double[] InverseFrequencies => Config.InverseFrequencies([]);

    protected override bool Has(string name) => false;

    protected override float[] ValuesOf(string name, ParameterRole role, int rows, int columns, int? expert)
    {
        var values = new float[checked(rows * columns)];
        if (role == ParameterRole.Norm)
        {
            Array.Fill(values, 1);
            return values;
        }
        var addsToStream = name.Contains(".attn_output.", StringComparison.Ordinal) || name.Contains(".ffn_down", StringComparison.Ordinal);
        var deviation = addsToStream ? Deviation / Math.Sqrt(2.0 * Config.LayerCount) : Deviation;
        foreach (ref var value in values.AsSpan())
            value = (float)(_random.NextNormal() * deviation);
        return values;
    }
}
