namespace Ayni.Llama;

/// <summary>
/// Sharpens attention in long texts (Nakanishi 2025, arXiv:2501.19399, as Llama 4 does it): queries are multiplied by
/// <c>ln(⌊(position + 1) / floor⌋ + 1) · scale + 1</c>.
/// </summary>
/// <param name="Floor">Positions in a step; up to the first of them nothing changes.</param>
/// <param name="Scale">How much a step adds.</param>
public readonly record struct AttentionTemperature(double Floor, double Scale)
{
    /// <summary>The factor on the query at a position.</summary>
    public float Factor(int position) => (float)(Math.Log(Math.Floor((position + 1) / Floor) + 1) * Scale + 1);
}
