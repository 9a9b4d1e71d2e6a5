namespace Ayni.Kernels;

/// <summary>Two operands' lengths do not fit together.</summary>
public sealed class ShapeMismatchException(string operand, long actual, long expected)
    : ArgumentException($"{operand} has {actual} elements, expected {expected}.")
{
    /// <summary>Throws unless <paramref name="actual"/> equals <paramref name="expected"/>.</summary>
    internal static void ThrowUnlessEqual(long actual, long expected, string operand)
    {
        if (actual != expected)
            throw new ShapeMismatchException(operand, actual, expected);
    }
}
