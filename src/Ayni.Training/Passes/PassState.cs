using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>What every layer needs during a pass: the team, and memory that one layer after another uses.</summary>
internal sealed class PassState(ComputeContext context, ProductPrecision precision)
{
    public ComputeContext Context => context;

    /// <summary>To what the operands of products are rounded.</summary>
    public ProductPrecision Precision => precision;

    /// <summary>What dropout follows from; null where nothing is dropped.</summary>
    public ulong? DropoutSeed { get; set; }

    /// <summary>Whether adapters take part; without them the model is as it was before it was tuned.</summary>
    public bool UsesAdapters { get; set; } = true;

    /// <summary>Some rows of a matrix that stays as its file has it, decoded.</summary>
    public FloatBuffer Strip { get; } = new();

    /// <summary>What is multiplied with them, or what came of it.</summary>
    public FloatBuffer StripOutput { get; } = new();

    /// <summary>What the load-balance loss of each mixture of experts counts in gradients.</summary>
    public double BalanceFactor { get; set; }

    /// <summary>A sublayer's normalized input, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer Normed { get; } = new();

    /// <summary>Its gradient, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer NormedGradient { get; } = new();

    /// <summary>The gradient of a feed-forward network's inner activations, and then these, <c>[tokens, width]</c>.</summary>
    public FloatBuffer Inner { get; } = new();

    /// <summary>The gradient of what attention gave, <c>[tokens, heads, headDim]</c>.</summary>
    public FloatBuffer AttendedGradient { get; } = new();

    public FloatBuffer QueryGradient { get; } = new();

    public FloatBuffer KeyGradient { get; } = new();

    public FloatBuffer ValueGradient { get; } = new();

    /// <summary>The gradient of heads before they were normalized.</summary>
    public FloatBuffer HeadGradient { get; } = new();

    /// <summary>What enters experts, ordered by them, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer Routed { get; } = new();

    /// <summary>What experts gave, or its gradient, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer RoutedGradient { get; } = new();

    /// <summary>The gradient of what entered experts, <c>[tokens, hidden]</c>.</summary>
    public FloatBuffer RoutedInputGradient { get; } = new();

    /// <summary>The gradient of router scores, <c>[tokens, experts]</c>.</summary>
    public FloatBuffer RouterGradient { get; } = new();

    /// <summary>An adapter's input after dropout.</summary>
    public FloatBuffer Dropped { get; } = new();

    /// <summary>An adapter's activations between its two factors, <c>[tokens, rank]</c>.</summary>
    public FloatBuffer Reduced { get; } = new();
}
