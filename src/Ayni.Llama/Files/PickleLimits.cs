namespace Ayni.Llama;

/// <summary>How much the pickle of a PyTorch checkpoint may say; real ones have some 100 kB and nest three deep.</summary>
internal static class PickleLimits
{
    /// <summary>The pickle as a whole.</summary>
    public const int Bytes = 32 << 20;

    /// <summary>Operations: bounds the time.</summary>
    public const int Operations = 2_000_000;

    /// <summary>Values on the stack at once, and items of one container.</summary>
    public const int Stack = 1 << 18;

    /// <summary>Values remembered.</summary>
    public const int Memo = 1 << 20;

    /// <summary>Values in all: bounds the memory.</summary>
    public const int Values = 1 << 20;
}
