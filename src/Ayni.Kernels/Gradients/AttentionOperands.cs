namespace Ayni.Kernels;

/// <summary>What <see cref="DocumentAttention"/> reads and writes; shapes are said there.</summary>
internal unsafe struct AttentionOperands
{
    public int HeadCount;
    public int KeyValueHeadCount;
    public int HeadDim;
    public float* Query;
    public float* Key;
    public float* Value;
    public int* Firsts;
    public float* Attended;
    public float* LogSums;

    // Null where only the forward pass is wanted.
    public float* AttendedGradient;
    public float* QueryGradient;
    public float* KeyGradient;
    public float* ValueGradient;

    public readonly int QueryWidth => HeadCount * HeadDim;

    public readonly int KeyValueWidth => KeyValueHeadCount * HeadDim;
}
