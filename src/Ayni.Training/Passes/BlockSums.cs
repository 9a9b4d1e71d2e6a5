using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// Sums over tokens of which each block has its own (<see cref="PassState.ForEachBlock"/>), so that they are added in the blocks' order,
/// whichever thread had them.
/// </summary>
internal sealed class BlockSums
{
    private readonly FloatBuffer _sums = new();
    private int _width;
    private int _length;

    /// <summary>Begins with zeros.</summary>
    /// <param name="tokens">Tokens of all blocks.</param>
    /// <param name="width">Numbers of a sum.</param>
    public void Begin(int tokens, int width)
    {
        (_width, _length) = (width, (tokens + PassState.BlockTokens - 1) / PassState.BlockTokens * width);
        _sums.Take(_length).Clear();
    }

    /// <summary>The sum of the block that some tokens begin.</summary>
    public Span<float> Of(TokenRange tokens) => _sums.Rows(new TokenRange(tokens.Start / PassState.BlockTokens, 1), _width);

    /// <summary>Adds all of them.</summary>
    public void AddTo(Span<float> total)
    {
        for (var start = 0; start < _length; start += _width)
            Residual.Add(total, _sums.Take(_length).Slice(start, _width));
    }
}
