using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// The way back through norms, block of tokens by block: what their weights' gradients sum over tokens is kept for each block and added in
/// the blocks' order, whichever thread had them.
/// </summary>
internal sealed class NormGradient(float epsilon)
{
    private readonly FloatBuffer _sums = new();
    private int _length;

    /// <summary>Begins with a norm.</summary>
    public void Begin(Parameter norm, int tokens)
    {
        _length = norm.IsTrainable ? (tokens + PassState.BlockTokens - 1) / PassState.BlockTokens * norm.Columns : 0;
        _sums.Take(_length).Clear();
    }

    /// <summary>Adds to the gradient of some tokens' inputs, from many threads at once.</summary>
    /// <param name="norm">The norm.</param>
    /// <param name="tokens">Which; they begin a block.</param>
    /// <param name="input">What was normalized, <c>[tokens, hidden]</c>.</param>
    /// <param name="outputGradient"><c>[tokens, hidden]</c>.</param>
    /// <param name="inputGradient"><c>[tokens, hidden]</c>; added to.</param>
    /// <param name="pass">Team.</param>
    public void Add(
        Parameter norm, TokenRange tokens, ReadOnlySpan<float> input, ReadOnlySpan<float> outputGradient, Span<float> inputGradient,
        PassState pass)
    {
        var sums = norm.IsTrainable ? _sums.Rows(new TokenRange(tokens.Start / PassState.BlockTokens, 1), norm.Columns) : [];
        RmsNormGradient.Add(input, norm.Values, epsilon, outputGradient, inputGradient, sums, pass.Context);
    }

    /// <summary>Adds to the gradient of the norm.</summary>
    public void End(Parameter norm)
    {
        for (var start = 0; start < _length; start += norm.Columns)
            Residual.Add(norm.Gradient, _sums.Take(_length).Slice(start, norm.Columns));
    }
}
