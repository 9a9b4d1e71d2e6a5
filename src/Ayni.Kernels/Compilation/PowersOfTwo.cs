namespace Ayni.Kernels;

/// <summary>
/// Emits powers of two of what is rounded to BF16 then: a polynomial of degree four on ±1/2, whose relative error of 3 · 10⁻⁶ is small
/// beside that rounding.
/// </summary>
internal static class PowersOfTwo
{
    /// <summary>The binary logarithm of e.</summary>
    public const float LogarithmOfE = 1.44269504f;

    // The last first; fitted with the least relative error.
    private static readonly float[] Coefficients = [9.582853e-3f, 5.5906425e-2f, 0.24024099f, 0.6931242f, 1];

    /// <summary>Turns some powers into two to them, side by side, since each takes many cycles.</summary>
    /// <param name="code">The kernel.</param>
    /// <param name="powers">The powers, and two registers for each.</param>
    public static void Raise(KernelAssembler code, IReadOnlyList<(Vector Power, Vector Whole, Vector Result)> powers)
    {
        foreach (var (power, whole, _) in powers)
            code.Round(whole, power);
        foreach (var (power, whole, _) in powers)
            code.Subtract(power, power, whole);
        foreach (var (_, _, result) in powers)
            code.Broadcast(result, Constant(Coefficients[0]));
        foreach (var coefficient in Coefficients[1..])
        {
            foreach (var (power, _, result) in powers)
                code.MultiplyByAndAddEach(result, power, Constant(coefficient));
        }
        foreach (var (power, whole, result) in powers)
            code.MultiplyByPower(power, result, whole);

        Memory Constant(float value) => code.Constant(BitConverter.GetBytes(value));
    }
}
