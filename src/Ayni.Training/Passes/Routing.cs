namespace Ayni.Training;

/// <summary>Which expert each token of a batch goes to, and the tokens in the experts' order.</summary>
internal sealed class Routing
{
    private int[] _experts = [];
    private int[] _order = [];
    private int[] _starts = [];
    private float[] _shares = [];
    private int _tokens;

    /// <summary>Tokens ordered by their expert, and those of one expert as they come.</summary>
    public ReadOnlySpan<int> Order => _order.AsSpan(0, _tokens);

    /// <summary>The expert of each token.</summary>
    public ReadOnlySpan<int> Experts => _experts.AsSpan(0, _tokens);

    /// <summary>What each token's input is multiplied by: the sigmoid of its best score.</summary>
    public ReadOnlySpan<float> Shares => _shares.AsSpan(0, _tokens);

    /// <summary>The range of <see cref="Order"/> that goes to an expert.</summary>
    public (int Start, int Count) Range(int expert) => (_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>Chooses by scores, <c>[tokens, experts]</c>: the highest, and of equal ones the first.</summary>
    public void Choose(ReadOnlySpan<float> scores, int experts)
    {
        _tokens = scores.Length / experts;
        if (_order.Length < _tokens)
            (_experts, _order, _shares) = (new int[_tokens], new int[_tokens], new float[_tokens]);
        _starts = new int[experts + 1];
        for (var token = 0; token < _tokens; token++)
        {
            var row = scores.Slice(token * experts, experts);
            var best = 0;
            for (var expert = 1; expert < experts; expert++)
                best = row[expert] > row[best] ? expert : best;
            _experts[token] = best;
            _shares[token] = 1 / (1 + MathF.Exp(-row[best]));
            _starts[best + 1]++;
        }
        for (var expert = 0; expert < experts; expert++)
            _starts[expert + 1] += _starts[expert];
        var next = _starts.AsSpan(0, experts).ToArray();
        for (var token = 0; token < _tokens; token++)
            _order[next[_experts[token]]++] = token;
    }
}
