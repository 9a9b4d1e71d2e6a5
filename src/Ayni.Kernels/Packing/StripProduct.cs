using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>
/// The inner product of decoded weights <c>[columns, 16]</c> with tokens: a tile of up to six tokens keeps twelve sums in registers
/// and loads each column's weights once.
/// </summary>
/// <param name="weights">The strip, <c>[columns, 16]</c>.</param>
/// <param name="columns">Columns in the strip.</param>
/// <param name="inputStride">Floats from one token's input to the next.</param>
/// <param name="outputStride">Floats from one token's output to the next.</param>
/// <param name="accumulate">True to add to the output, false to overwrite it.</param>
internal readonly unsafe struct StripProduct(float* weights, int columns, int inputStride, int outputStride, bool accumulate)
{
    private readonly float* _weights = weights;
    private readonly long _inputStride = inputStride;
    private readonly long _outputStride = outputStride;

    public void Multiply(float* input, float* output, int tokens)
    {
        var token = 0;
        for (; token + 6 <= tokens; token += 6)
            MultiplySix(input + token * _inputStride, output + token * _outputStride);
        for (; token + 2 <= tokens; token += 2)
            MultiplyTwo(input + token * _inputStride, output + token * _outputStride);
        if (token < tokens)
            MultiplyOne(input + token * _inputStride, output + token * _outputStride);
    }

    /// <summary>Adds the strip's columns times 16 factors: <c>output[c] += Σ factors[r] · weights[c, r]</c>.</summary>
    public static void AddTransposed(float* weights, int columns, float* factors, float* output)
    {
        var lower = Vector256.Load(factors);
        var upper = Vector256.Load(factors + 8);
        for (var k = 0; k < columns; k++)
        {
            var products = Vector256.FusedMultiplyAdd(Vector256.Load(weights + 8), upper, Vector256.Load(weights) * lower);
            output[k] += Vector256.Sum(products);
            weights += Lanes.Count;
        }
    }

    private void MultiplySix(float* input, float* output)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default;
        Vector256<float> d0 = default, d1 = default, e0 = default, e1 = default, f0 = default, f1 = default;
        var weights = _weights;
        var stride = _inputStride;
        var fourth = input + 3 * stride;
        for (var k = 0; k < columns; k++)
        {
            var w0 = Vector256.Load(weights);
            var w1 = Vector256.Load(weights + 8);
            weights += Lanes.Count;
            var x = Vector256.Create(input[k]);
            a0 = Vector256.FusedMultiplyAdd(w0, x, a0);
            a1 = Vector256.FusedMultiplyAdd(w1, x, a1);
            x = Vector256.Create(input[k + stride]);
            b0 = Vector256.FusedMultiplyAdd(w0, x, b0);
            b1 = Vector256.FusedMultiplyAdd(w1, x, b1);
            x = Vector256.Create(input[k + 2 * stride]);
            c0 = Vector256.FusedMultiplyAdd(w0, x, c0);
            c1 = Vector256.FusedMultiplyAdd(w1, x, c1);
            x = Vector256.Create(fourth[k]);
            d0 = Vector256.FusedMultiplyAdd(w0, x, d0);
            d1 = Vector256.FusedMultiplyAdd(w1, x, d1);
            x = Vector256.Create(fourth[k + stride]);
            e0 = Vector256.FusedMultiplyAdd(w0, x, e0);
            e1 = Vector256.FusedMultiplyAdd(w1, x, e1);
            x = Vector256.Create(fourth[k + 2 * stride]);
            f0 = Vector256.FusedMultiplyAdd(w0, x, f0);
            f1 = Vector256.FusedMultiplyAdd(w1, x, f1);
        }
        Store(output, a0, a1);
        Store(output + _outputStride, b0, b1);
        Store(output + 2 * _outputStride, c0, c1);
        Store(output + 3 * _outputStride, d0, d1);
        Store(output + 4 * _outputStride, e0, e1);
        Store(output + 5 * _outputStride, f0, f1);
    }

    private void MultiplyTwo(float* input, float* output)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default;
        var weights = _weights;
        var second = input + _inputStride;
        for (var k = 0; k < columns; k++)
        {
            var w0 = Vector256.Load(weights);
            var w1 = Vector256.Load(weights + 8);
            weights += Lanes.Count;
            var x = Vector256.Create(input[k]);
            a0 = Vector256.FusedMultiplyAdd(w0, x, a0);
            a1 = Vector256.FusedMultiplyAdd(w1, x, a1);
            x = Vector256.Create(second[k]);
            b0 = Vector256.FusedMultiplyAdd(w0, x, b0);
            b1 = Vector256.FusedMultiplyAdd(w1, x, b1);
        }
        Store(output, a0, a1);
        Store(output + _outputStride, b0, b1);
    }

    private void MultiplyOne(float* input, float* output)
    {
        Vector256<float> a0 = default, a1 = default;
        var weights = _weights;
        for (var k = 0; k < columns; k++)
        {
            var x = Vector256.Create(input[k]);
            a0 = Vector256.FusedMultiplyAdd(Vector256.Load(weights), x, a0);
            a1 = Vector256.FusedMultiplyAdd(Vector256.Load(weights + 8), x, a1);
            weights += Lanes.Count;
        }
        Store(output, a0, a1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(float* output, Vector256<float> lower, Vector256<float> upper)
    {
        if (accumulate)
        {
            lower += Vector256.Load(output);
            upper += Vector256.Load(output + 8);
        }
        lower.Store(output);
        upper.Store(output + 8);
    }
}
