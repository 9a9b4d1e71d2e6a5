using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A matrix, <c>[output, input]</c>, and the bias that some models add to its product, <c>[output]</c>.</summary>
internal sealed class Projection(PackedMatrix matrix, float[]? bias) : IDisposable
{
    public long PackedBytes => matrix.PackedBytes;

    /// <summary>Computes <c>[tokens, output]</c> from <c>[tokens, input]</c>.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output, ComputeContext context)
    {
        matrix.Multiply(input, output, context);
        if (bias is not null)
        {
            for (var start = 0; start < output.Length; start += bias.Length)
                Residual.Add(output.Slice(start, bias.Length), bias);
        }
    }

    public void Dispose() => matrix.Dispose();
}
