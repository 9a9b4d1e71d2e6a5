namespace Ayni.Kernels;

/// <summary>What multiplies weights of one format on one target.</summary>
/// <param name="Layout">The format's panels.</param>
/// <param name="Unpacking">Unpacks them for the product; null where the product reads them as they are, and activations as floats.</param>
/// <param name="Product">The product.</param>
/// <param name="FewTokens">The product with one token, two and so on, unpacking included.</param>
/// <param name="FewTokensLimit">Up to so many tokens these multiply, some at a time.</param>
/// <param name="PanelsAtATime">Panels that the product multiplies at a time.</param>
/// <param name="UnpackedStripBytes">Bytes of a panel's unpacked columns.</param>
/// <param name="StartShift">The offset of the weights that integer products start at, as a power of 2.</param>
/// <param name="HasPairs">Whether integer products are added in pairs (<see cref="Activations.StartOffset"/>).</param>
/// <param name="FewTokensStreams">Streams of panels that the product with few tokens goes through at a time.</param>
internal sealed unsafe record PanelKernels(
    PanelLayout Layout,
    Kernel? Unpacking,
    Kernel Product,
    Lazy<Kernel>[] FewTokens,
    int FewTokensLimit,
    int PanelsAtATime,
    int UnpackedStripBytes = 0,
    int StartShift = 0,
    bool HasPairs = false,
    int FewTokensStreams = 1)
{
    /// <summary>Columns unpacked at a time, a multiple of every block length: 5 to 10 kB of the first-level cache.</summary>
    public const int StripColumns = 256;

    /// <summary>Columns that the product counts as one block.</summary>
    public int ProductColumns => Unpacking is null ? Layout.BlockColumns : BlockShape.Columns;

    /// <summary>Bytes of a token's activations for such a block.</summary>
    public int ActivationBytes => Unpacking is null ? FloatWeights.ActivationBytes : Activations.RecordBytes;

    /// <summary>
    /// Bytes from one token's activations to the next: a cache line more than they take, so that tokens do not fall on the same lines.
    /// </summary>
    public long TokenBytes(int columns) => (long)columns / ProductColumns * ActivationBytes + 64;

    /// <summary>Brings one token's activations into the form that the product reads.</summary>
    public void Prepare(float* input, byte* records, int columns)
    {
        if (Layout is FloatLayout { IsPaired: true })
            BFloat16.Round(new ReadOnlySpan<float>(input, columns), new Span<ushort>(records, columns));
        else if (Unpacking is null)
            new ReadOnlySpan<float>(input, columns).CopyTo(new Span<float>(records, columns));
        else
            Activations.Quantize(input, records, columns, StartShift, HasPairs);
    }
}
