using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ayni.Kernels;

/// <summary>
/// Activations as the integer kernels read them: for each token, for each 32 columns, a record of one cache line with 32 signed bytes, the
/// scale they are to be multiplied with and the sums that offsets and minima need.
/// </summary>
/// <remarks>
/// A block's greatest magnitude becomes 127, values are rounded to even. A block that holds an infinity or no number has such a scale too,
/// so that it shows in the product.
/// </remarks>
internal static unsafe class Activations
{
    /// <summary>Bytes of a record.</summary>
    public const int RecordBytes = 64;

    /// <summary>Where the scale lies: a float.</summary>
    public const int ScaleOffset = 32;

    /// <summary>Where the float sums lie: of 32 columns, of the first 16 and of the last 16, each times the scale.</summary>
    public const int SumOffset = 36;

    /// <summary>
    /// Where the start values lie, minus the offset of the weights times the sum of 32 columns, of the first 16 and of the last 16: 32-bit
    /// integers, or for products that are added in pairs two 16-bit ones, of the columns whose number modulo 4 is 0 or 1 and of those where
    /// it is 2 or 3.
    /// </summary>
    public const int StartOffset = 48;

    // A block so faint becomes zeros: its inverse scale would not be finite.
    private const float Faintest = 1e-30f;

    /// <summary>Quantizes one token.</summary>
    /// <param name="input">Its activations.</param>
    /// <param name="records">Receives a record for each 32.</param>
    /// <param name="columns">How many, a multiple of 32.</param>
    /// <param name="shift">The offset is 2 to this power.</param>
    /// <param name="pairs">Whether start values are pairs of 16 bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* input, byte* records, int columns, int shift, bool pairs)
    {
        for (var column = 0; column < columns; column += BlockShape.Columns)
        {
            if (Avx2.IsSupported)
                QuantizeBlock(input + column, records, shift, pairs);
            else
                QuantizeBlockPortably(input + column, records, shift, pairs);
            records += RecordBytes;
        }
    }

    /// <summary>One block by portable vectors, to the same bits; what is not finite becomes zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void QuantizeBlockPortably(float* input, byte* record, int shift, bool pairs)
    {
        var magnitude = Vector128.Create(0x7fffffff);
        var greatest = Vector128<int>.Zero;
        for (var i = 0; i < BlockShape.Columns; i += 4)
            greatest = Vector128.Max(greatest, Vector128.Load(input + i).AsInt32() & magnitude);
        greatest = Vector128.Max(greatest, Vector128.Shuffle(greatest, Vector128.Create(2, 3, 0, 1)));
        greatest = Vector128.Max(greatest, Vector128.Shuffle(greatest, Vector128.Create(1, 0, 3, 2)));
        var most = greatest.AsSingle().ToScalar();
        var inverse = most < Faintest ? 0 : 127 / most;
        var first = QuantizeHalf(input, record, inverse);
        var last = QuantizeHalf(input + 16, record + 16, inverse);
        Describe(record, most / 127, first, last, shift, pairs);
    }

    /// <summary>Sixteen columns; and the sums of those whose number modulo 4 is 0 or 1, and 2 or 3, as a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int QuantizeHalf(float* input, byte* record, float inverse)
    {
        var (a, b) = (Round(input, inverse), Round(input + 4, inverse));
        var (c, d) = (Round(input + 8, inverse), Round(input + 12, inverse));
        Vector128.Narrow(Vector128.Narrow(a, b), Vector128.Narrow(c, d)).Store((sbyte*)record);
        var sums = a + b + (c + d);
        return (ushort)(sums.GetElement(0) + sums.GetElement(1)) | (sums.GetElement(2) + sums.GetElement(3)) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round(float* input, float inverse) =>
        Vector128.ConvertToInt32(Vector128.Round(Vector128.Load(input) * inverse));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuantizeBlock(float* input, byte* record, int shift, bool pairs)
    {
        var (a, b) = (Vector256.Load(input), Vector256.Load(input + 8));
        var (c, d) = (Vector256.Load(input + 16), Vector256.Load(input + 24));

        // Magnitudes compared as integers: what is no number is greater than all numbers.
        var magnitude = Vector256.Create(0x7fffffff);
        var greatest = Avx2.Max(
            Avx2.Max(a.AsInt32() & magnitude, b.AsInt32() & magnitude), Avx2.Max(c.AsInt32() & magnitude, d.AsInt32() & magnitude));
        var half = Sse41.Max(greatest.GetLower(), greatest.GetUpper());
        half = Sse41.Max(half, Sse2.Shuffle(half, 0b01_00_11_10));
        half = Sse41.Max(half, Sse2.Shuffle(half, 0b10_11_00_01));
        var most = half.AsSingle().ToScalar();
        var inverse = Vector256.Create(most < Faintest ? 0 : 127 / most);

        var low = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(a * inverse), Avx.ConvertToVector256Int32(b * inverse));
        var high = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(c * inverse), Avx.ConvertToVector256Int32(d * inverse));
        var bytes = Avx2.PackSignedSaturate(low, high).AsInt32();
        var values = Avx2.PermuteVar8x32(bytes, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte();
        values.Store((sbyte*)record);

        // 16-bit sums of two columns each; then of those at the same place of four columns, in the first and the last 16 columns.
        var neighbours = Avx2.MultiplyAddAdjacent(Vector256.Create((byte)1), values);
        var fours = Avx2.Add(neighbours, Avx2.ShiftRightLogical128BitLane(neighbours, 8));
        fours = Avx2.Add(fours, Avx2.ShiftRightLogical128BitLane(fours, 4));
        Describe(record, most / 127, fours.GetLower().AsInt32().ToScalar(), fours.GetUpper().AsInt32().ToScalar(), shift, pairs);
    }

    /// <summary>Writes what a record has beside its values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Describe(byte* record, float scale, int firstPair, int lastPair, int shift, bool pairs)
    {
        var (first, last) = (SumOfPair(firstPair), SumOfPair(lastPair));
        var floats = (float*)(record + ScaleOffset);
        floats[0] = scale;
        floats[1] = scale * (first + last);
        floats[2] = scale * first;
        floats[3] = scale * last;
        var starts = (int*)(record + StartOffset);
        starts[0] = pairs ? StartPair(AddPairs(firstPair, lastPair), shift) : -(first + last) << shift;
        starts[1] = pairs ? StartPair(firstPair, shift) : -first << shift;
        starts[2] = pairs ? StartPair(lastPair, shift) : -last << shift;
    }

    private static int SumOfPair(int pair) => (short)pair + (pair >> 16);

    private static int AddPairs(int a, int b) => (ushort)(a + b) | ((a >> 16) + (b >> 16)) << 16;

    private static int StartPair(int pair, int shift) => (ushort)(-pair << shift) | -(pair >> 16) << shift << 16;
}
