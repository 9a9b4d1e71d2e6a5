using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>The way back through norms, block of tokens by block.</summary>
internal sealed class NormGradient(float epsilon)
{
    private readonly BlockSums _sums = new();

    /// <summary>Begins with a norm.</summary>
    public void Begin(Parameter norm, int tokens) => _sums.Begin(tokens, norm.Columns);

    /// <summary>Adds to the gradient of some tokens' inputs, from many threads at once.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">What was normalized, <c>[tokens, hidden]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient"><c>[tokens, hidden]</c>; added to.</param>
    /// <param name="pass">Team.</param>
    public void Add(
        Parameter norm, TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> inputGradient,
        PassState pass) => RmsNormGradient.Add(
            input, norm.Values, epsilon, outputGradient, inputGradient, norm.IsTrainable ? _sums.Of(tokens) : [], pass.Context);

    /// <summary>
    /// The same with what the gradients of projections need, where the pass rounds rows (<see cref="WeightGradients.AddNorm"/>).
    /// </summary>
    public void Add(
        Linear behind, Linear? before, Parameter norm, TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, PassState pass) => pass.Gradients.AddNorm(
            behind, before, norm, epsilon, tokens, input, outputGradient, inputGradient, _sums.Of(tokens), pass);

    /// <summary>Adds to the gradient of the norm.</summary>
    public void End(Parameter norm)
    {
        if (norm.IsTrainable)
            _sums.AddTo(norm.Gradient);
    }
}
