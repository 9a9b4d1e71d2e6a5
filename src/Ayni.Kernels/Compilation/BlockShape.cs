namespace Ayni.Kernels;

/// <summary>
/// What a product kernel has to know of a format: how 32 columns of a panel look once they are unpacked. Formats with the same shape share
/// their product kernels.
/// </summary>
/// <param name="OffsetShift">Values are stored plus 2 to this power; −1 where they are stored as they are.</param>
/// <param name="Bits">Bits of a stored value. From 7 on, a target without dot products takes them in two halves.</param>
/// <param name="HasSubScales">Whether each 16 columns have an integer scale beside the float scale of all.</param>
/// <param name="MinimumCount">Float minima for 32 columns: none, one, or one for each 16.</param>
internal readonly record struct BlockShape(int OffsetShift, int Bits, bool HasSubScales = false, int MinimumCount = 0)
{
    /// <summary>Columns of an unpacked block, and of one scale of the activations.</summary>
    public const int Columns = 32;

    /// <summary>Products of four columns at a time that a block takes.</summary>
    public const int StepCount = Columns / 4;

    /// <summary>16 rows of one float.</summary>
    public const int VectorBytes = Lanes.Count * sizeof(float);

    /// <summary>Sub-blocks that are summed on their own.</summary>
    public int SubBlockCount => HasSubScales ? 2 : 1;

    /// <summary>Whether this target multiplies the values in two halves of 4 bits.</summary>
    public bool IsSplitOn(KernelTarget target) => Bits > 6 && !target.HasDotProduct;

    /// <summary>Whether bytes stored plus 128 are multiplied as signed ones, which flipping their sign makes of them.</summary>
    public bool IsFlippedOn(KernelTarget target) => OffsetShift == 7 && target.IsArm64;

    /// <summary>Whether sums start at minus the offset times the activations' sum.</summary>
    public bool HasStartOn(KernelTarget target) => OffsetShift >= 0 && !IsFlippedOn(target);

    /// <summary>The power of 2 that is the offset of what is multiplied: of values in two halves, the upper ones carry it.</summary>
    public int StartShift(KernelTarget target) => Math.Max(0, IsSplitOn(target) ? OffsetShift - 4 : OffsetShift);

    /// <summary>Where a step's weights lie in an unpacked block.</summary>
    public int WeightOffset(KernelTarget target, int step, int group) => IsSplitOn(target)
        ? (group * StepCount + step) * 2 * target.VectorBytes
        : step * VectorBytes + group * target.VectorBytes;

    /// <summary>Where the scales lie.</summary>
    public int ScaleOffset(KernelTarget target) => StepCount * VectorBytes * (IsSplitOn(target) ? 2 : 1);

    /// <summary>Where a vector of minima lies.</summary>
    public int MinimumOffset(KernelTarget target, int index) => ScaleOffset(target) + (1 + index) * VectorBytes;

    /// <summary>Where a vector of sub-scales lies.</summary>
    public int SubScaleOffset(KernelTarget target, int sub) => ScaleOffset(target) + (1 + MinimumCount + sub) * VectorBytes;

    /// <summary>Bytes of an unpacked block.</summary>
    public int UnpackedBytes(KernelTarget target) => ScaleOffset(target) + (1 + MinimumCount + (HasSubScales ? 2 : 0)) * VectorBytes;

    /// <summary>Bytes of all blocks that are unpacked at a time.</summary>
    public int UnpackedStripBytes(KernelTarget target) => PanelKernels.StripColumns / Columns * UnpackedBytes(target);
}
