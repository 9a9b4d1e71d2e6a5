using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>A vector that unpacking computed: its register, and when it was given out, since registers are used again in turn.</summary>
internal readonly record struct Unpacked(Vector Vector, int Serial);

/// <summary>
/// The language in which a format says how it unpacks: every operation gives a new vector, and results are put into a kernel's hands. One
/// block of one group of rows at a time.
/// </summary>
/// <remarks>Registers are handed out in turn; a value that is kept too long is noticed while emitting, not while computing.</remarks>
/// <param name="code">The kernel.</param>
/// <param name="shape">What the format unpacks to.</param>
/// <param name="panel">Points to the block in the panel.</param>
/// <param name="vectorCount">Registers to unpack with, from the first on: the last of them for a mask. The kernel has the others.</param>
/// <param name="blocks">Takes the results.</param>
internal sealed class PanelUnpacker(KernelAssembler code, BlockShape shape, Register panel, int vectorCount, IUnpackedBlocks blocks)
{
    private readonly int[] _serials = new int[vectorCount - 1];
    private readonly Vector _nibbles = new(vectorCount - 1);
    private int _issued;

    /// <summary>Which group of rows is being unpacked.</summary>
    public int Group { get; set; }

    private KernelTarget Target => code.Target;

    /// <summary>Fills the mask, before the first block.</summary>
    public void Begin() => code.Load(_nibbles, code.Constant([0x0f]));

    /// <summary>Four bytes of each row.</summary>
    public Unpacked Load(PanelField field, int index)
    {
        var d = Next();
        code.Load(d.Vector, Place(field, index));
        return d;
    }

    /// <summary>One unsigned byte of each row, as an integer.</summary>
    public Unpacked LoadByte(PanelField field, int index)
    {
        var d = Next();
        code.LoadBytes(d.Vector, Place(field, index));
        return d;
    }

    /// <summary>One signed byte of each row, as an integer.</summary>
    public Unpacked LoadSignedByte(PanelField field, int index)
    {
        var d = Next();
        code.LoadSignedBytes(d.Vector, Place(field, index));
        return d;
    }

    /// <summary>One F16 number of each row, as a float.</summary>
    public Unpacked LoadHalf(PanelField field)
    {
        var d = Next();
        code.LoadHalves(d.Vector, Place(field, 0));
        return d;
    }

    /// <summary>The low four bits of every byte.</summary>
    public Unpacked LowNibbles(Unpacked a)
    {
        var d = Next();
        code.And(d.Vector, Use(a), _nibbles);
        return d;
    }

    /// <summary>The high four bits of every byte.</summary>
    public Unpacked HighNibbles(Unpacked a) => LowNibbles(ShiftRight(a, 4));

    /// <summary>Every byte and a mask.</summary>
    public Unpacked And(Unpacked a, byte mask) => And(a, [mask]);

    /// <summary>Every vector and a pattern that is repeated.</summary>
    public Unpacked And(Unpacked a, ReadOnlySpan<byte> pattern)
    {
        var d = Next();
        code.And(d.Vector, Use(a), code.Constant(pattern));
        return d;
    }

    /// <summary>Every 32-bit integer and a mask.</summary>
    public Unpacked AndIntegers(Unpacked a, int mask) => And(a, BitConverter.GetBytes(mask));

    /// <summary>a or b.</summary>
    public Unpacked Or(Unpacked a, Unpacked b)
    {
        var d = Next();
        code.Or(d.Vector, Use(a), Use(b));
        return d;
    }

    /// <summary>Flips bits of every vector by a pattern that is repeated.</summary>
    public Unpacked Xor(Unpacked a, ReadOnlySpan<byte> pattern)
    {
        var d = Next();
        code.Xor(d.Vector, Use(a), code.Constant(pattern));
        return d;
    }

    /// <summary>32-bit lanes moved right; bits move between bytes, and a mask drops them.</summary>
    public Unpacked ShiftRight(Unpacked a, int bits)
    {
        if (bits == 0)
            return a;
        var d = Next();
        code.ShiftRightIntegers(d.Vector, Use(a), bits);
        return d;
    }

    /// <summary>32-bit lanes moved left.</summary>
    public Unpacked ShiftLeft(Unpacked a, int bits)
    {
        if (bits == 0)
            return a;
        var d = Next();
        code.ShiftLeftIntegers(d.Vector, Use(a), bits);
        return d;
    }

    /// <summary>32-bit lanes moved left by a number of bits, or right where that is negative.</summary>
    public Unpacked Move(Unpacked a, int bits) => bits >= 0 ? ShiftLeft(a, bits) : ShiftRight(a, -bits);

    /// <summary>The lesser of every byte and a number.</summary>
    public Unpacked AtMost(Unpacked a, byte most)
    {
        var d = Next();
        code.MinimumBytes(d.Vector, Use(a), code.Constant([most]));
        return d;
    }

    /// <summary>Bytes of a, picked within each 128 bits.</summary>
    public Unpacked Shuffle(Unpacked a, ReadOnlySpan<byte> indices)
    {
        var d = Next();
        code.Shuffle(d.Vector, Use(a), code.Constant(indices));
        return d;
    }

    /// <summary>The values that codes from 0 to 15 stand for.</summary>
    public Unpacked LookUp(ReadOnlySpan<byte> table, Unpacked codes)
    {
        var d = Next();
        code.Load(d.Vector, code.Constant(table));
        code.Shuffle(d.Vector, d.Vector, Use(codes));
        return d;
    }

    /// <summary>Adds a number to every 32-bit integer.</summary>
    public Unpacked Add(Unpacked a, int number)
    {
        var d = Next();
        code.AddIntegers(d.Vector, Use(a), code.Constant(BitConverter.GetBytes(number)));
        return d;
    }

    /// <summary>32-bit integers as floats.</summary>
    public Unpacked ToSingle(Unpacked a)
    {
        var d = Next();
        code.ToSingle(d.Vector, Use(a));
        return d;
    }

    /// <summary>Products of floats.</summary>
    public Unpacked Multiply(Unpacked a, Unpacked b)
    {
        var d = Next();
        code.Multiply(d.Vector, Use(a), Use(b));
        return d;
    }

    /// <summary>Products of floats with a number.</summary>
    public Unpacked Multiply(Unpacked a, float number)
    {
        var d = Next();
        code.Multiply(d.Vector, Use(a), code.Constant(BitConverter.GetBytes(number)));
        return d;
    }

    /// <summary>a times a number, plus b, in b's register.</summary>
    public Unpacked MultiplyAdd(Unpacked a, float number, Unpacked b)
    {
        code.MultiplyAdd(Use(b), Use(a), code.Constant(BitConverter.GetBytes(number)));
        return b;
    }

    /// <summary>Floats with the other sign.</summary>
    public Unpacked Negate(Unpacked a) => Xor(a, [0, 0, 0, 0x80]);

    /// <summary>Puts the stored values of four columns: unsigned bytes.</summary>
    public void PutWeights(int block, int step, Unpacked weights)
    {
        if (shape.IsSplitOn(Target))
        {
            var (high, low) = (HighNibbles(weights), LowNibbles(weights));
            blocks.PutWeights(block, step, Use(high), Use(low));
        }
        else
        {
            blocks.PutWeights(block, step, Use(weights), lowHalf: null);
        }
    }

    /// <summary>Puts the integer scales, from −32768 to 32767, of 16 columns, after their weights.</summary>
    public void PutSubScale(int block, int sub, Unpacked scale)
    {
        // Without dot products the sums they multiply are pairs of 16 bits.
        var pairs = Target.HasDotProduct ? scale : Shuffle(scale, [0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13]);
        blocks.PutSubScale(block, sub, Use(pairs));
    }

    /// <summary>Puts the float scales of a block, after its weights and integer scales.</summary>
    public void PutScale(int block, Unpacked scale) => blocks.PutScale(block, Use(scale));

    /// <summary>Puts what a block adds for each unit of the activations' sum, after its scale.</summary>
    public void PutMinimum(int block, int index, Unpacked minimum) => blocks.PutMinimum(block, index, Use(minimum));

    private Memory Place(PanelField field, int index) =>
        new(panel, field.PanelOffset + (index * Lanes.Count + Group * Target.LaneCount) * field.ElementBytes);

    private Unpacked Next()
    {
        var number = _issued++ % _serials.Length;
        _serials[number] = _issued;
        return new Unpacked(new Vector(number), _issued);
    }

    private Vector Use(Unpacked a) => _serials[a.Vector.Number] == a.Serial
        ? a.Vector
        : throw new InvalidOperationException("A vector was used after its register was given out again.");
}
