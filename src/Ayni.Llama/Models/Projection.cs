using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A matrix, <c>[output, input]</c>, and the bias that some models add to its product, <c>[output]</c>.</summary>
/// <param name="name">The tensor's name; matrices of one stack of experts share it.</param>
/// <param name="matrix">The matrix, owned from now on.</param>
/// <param name="bias">The bias, or null.</param>
internal sealed class Projection(string name, PackedMatrix matrix, float[]? bias) : IDisposable
{
    public string Name => name;

    public PackedMatrix Matrix => matrix;

    public float[]? Bias => bias;

    public int Columns => matrix.Columns;

    public long PackedBytes => matrix.PackedBytes + (Change?.PackedBytes ?? 0);

    /// <summary>What an adapter adds to the product, owned; null for nothing.</summary>
    public LowRankChange? Change { get; set; }

    /// <summary>Sums up the inputs of every product while <see cref="ImportanceCollector"/> wants to know them; null otherwise.</summary>
    public InputStatistics? Statistics { get; set; }

    /// <summary>Computes <c>[tokens, output]</c> from <c>[tokens, input]</c>.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output, ComputeContext context)
    {
        Statistics?.Add(input);
        matrix.Multiply(input, output, context);
        if (bias is not null)
        {
            for (var start = 0; start < output.Length; start += bias.Length)
                Residual.Add(output.Slice(start, bias.Length), bias);
        }
        Change?.Add(input, output, context);
    }

    public void Dispose()
    {
        matrix.Dispose();
        Change?.Dispose();
    }
}
