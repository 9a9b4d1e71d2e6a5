namespace Ayni.Llama;

/// <summary>The intermediate results of a forward pass, one array each, as long as the largest batch needs.</summary>
internal sealed class Activations(LlamaConfig config, int maxTokens)
{
    private readonly float[] _hidden = new float[maxTokens * config.HiddenSize];
    private readonly float[] _normed = new float[maxTokens * config.HiddenSize];
    private readonly float[] _query = new float[maxTokens * config.QueryWidth];
    private readonly float[] _attended = new float[maxTokens * config.QueryWidth];
    private readonly float[] _key = new float[maxTokens * config.KeyValueWidth];
    private readonly float[] _value = new float[maxTokens * config.KeyValueWidth];
    private readonly float[] _gate = new float[maxTokens * Math.Max(config.IntermediateSize, config.Experts?.IntermediateSize ?? 0)];
    private readonly float[] _up = new float[maxTokens * Math.Max(config.IntermediateSize, config.Experts?.IntermediateSize ?? 0)];
    private readonly float[] _routed = new float[config.Experts is null ? 0 : maxTokens * config.HiddenSize];
    private readonly float[] _routerScores = new float[maxTokens * (config.Experts?.Count ?? 0)];
    private readonly int[] _tokensByExpert = new int[config.Experts is null ? 0 : maxTokens];
    private readonly float[] _cosines = new float[maxTokens * config.RotaryDim / 2];
    private readonly float[] _sines = new float[maxTokens * config.RotaryDim / 2];

    /// <summary>The residual stream, <c>[tokens, hidden]</c>.</summary>
    public Span<float> Hidden(int tokens) => _hidden.AsSpan(0, tokens * config.HiddenSize);

    /// <summary>What enters or leaves a sublayer, <c>[tokens, hidden]</c>.</summary>
    public Span<float> Normed(int tokens) => _normed.AsSpan(0, tokens * config.HiddenSize);

    /// <summary><c>[tokens, heads, headDim]</c>.</summary>
    public Span<float> Query(int tokens) => _query.AsSpan(0, tokens * config.QueryWidth);

    /// <summary>Attention's result, <c>[tokens, heads, headDim]</c>.</summary>
    public Span<float> Attended(int tokens) => _attended.AsSpan(0, tokens * config.QueryWidth);

    /// <summary><c>[tokens, keyValueHeads, headDim]</c>.</summary>
    public Span<float> Key(int tokens) => _key.AsSpan(0, tokens * config.KeyValueWidth);

    /// <summary><c>[tokens, keyValueHeads, headDim]</c>.</summary>
    public Span<float> Value(int tokens) => _value.AsSpan(0, tokens * config.KeyValueWidth);

    /// <summary><c>[tokens, width]</c>, of a feed-forward network of that width.</summary>
    public Span<float> Gate(int tokens, int width) => _gate.AsSpan(0, tokens * width);

    /// <summary><c>[tokens, width]</c>, of a feed-forward network of that width.</summary>
    public Span<float> Up(int tokens, int width) => _up.AsSpan(0, tokens * width);

    /// <summary>What enters or leaves the experts, in the order of <see cref="TokensByExpert"/>, <c>[tokens, hidden]</c>.</summary>
    public Span<float> Routed(int tokens) => _routed.AsSpan(0, tokens * config.HiddenSize);

    /// <summary><c>[tokens, experts]</c>.</summary>
    public Span<float> RouterScores(int tokens) => _routerScores.AsSpan(0, tokens * (config.Experts?.Count ?? 0));

    /// <summary>Tokens ordered by the expert they go to, <c>[tokens]</c>.</summary>
    public Span<int> TokensByExpert(int tokens) => _tokensByExpert.AsSpan(0, tokens);

    /// <summary>Cosines of the rotary angles, <c>[tokens, rotaryDim / 2]</c>.</summary>
    public Span<float> Cosines(int tokens) => _cosines.AsSpan(0, tokens * (config.RotaryDim / 2));

    /// <summary>Sines of the rotary angles, <c>[tokens, rotaryDim / 2]</c>.</summary>
    public Span<float> Sines(int tokens) => _sines.AsSpan(0, tokens * (config.RotaryDim / 2));
}
