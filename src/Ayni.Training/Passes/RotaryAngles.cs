using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// How far each position turns, of as many positions as the longest document so far had. Used by one thread at a time.
/// </summary>
internal sealed class RotaryAngles(TrainableModel model)
{
    private int _positions;

    /// <summary>Pairs of a head's values that are turned.</summary>
    public int Pairs => model.InverseFrequencies.Length;

    /// <summary><c>[positions, pairs]</c>.</summary>
    public float[] Cosines { get; private set; } = [];

    /// <summary><c>[positions, pairs]</c>.</summary>
    public float[] Sines { get; private set; } = [];

    /// <summary>Computes those of so many positions, unless they are there.</summary>
    public void Reserve(int positions)
    {
        if (positions <= _positions)
            return;
        (Cosines, Sines) = (new float[positions * Pairs], new float[positions * Pairs]);
        RotaryEmbedding.Angles(
            [.. Enumerable.Range(0, positions)], model.InverseFrequencies, model.Config.RotaryScaling?.Magnitude ?? 1, Cosines, Sines);
        _positions = positions;
    }
}
