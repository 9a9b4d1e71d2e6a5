using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>
/// A vector that unpacking computed, to be used once: its register, and when it was given out, since registers are used again.
/// </summary>
internal readonly record struct Unpacked(Vector Vector, int Serial);

/// <summary>
/// The language in which a format says how it unpacks: every operation gives a new vector, and results are put into a kernel's hands. What
/// is put is given as the way to compute it, which is emitted for each group of rows in turn.
/// </summary>
/// <remarks>
/// What is loaded stays in its register as long as no other vector needs that: loading it again costs nothing then. Values are given up
/// first, since each is needed for a few blocks only. A vector that is used twice is noticed while emitting, not while computing.
/// </remarks>
/// <param name="code">The kernel.</param>
/// <param name="shape">What the format unpacks to.</param>
/// <param name="panels">Point to the block in each panel that is unpacked at a time.</param>
/// <param name="vectorCount">Registers to unpack with, from the first on: the last of them for a mask. The kernel has the others.</param>
/// <param name="isTogether">Whether blocks that share stored vectors are unpacked together.</param>
/// <param name="blocks">Takes the results.</param>
internal sealed class PanelUnpacker(
    KernelAssembler code, BlockShape shape, Register[] panels, int vectorCount, bool isTogether, IUnpackedBlocks blocks)
{
    private readonly Slot[] _slots = [.. Enumerable.Range(0, vectorCount - 1).Select(number => new Slot(new Vector(number)))];
    private readonly Vector _nibbles = new(vectorCount - 1);
    private int[] _groups = [];
    private int _issued;

    /// <summary>Which group of rows is being unpacked: so many a panel as it takes vectors to hold its rows.</summary>
    public int Group { get; private set; }

    private KernelTarget Target => code.Target;

    /// <summary>Fills the mask, before the first block.</summary>
    public void Begin() => code.Load(_nibbles, code.Constant([0x0f]));

    /// <summary>Emits the unpacking of one block of a format.</summary>
    /// <param name="layout">The format.</param>
    /// <param name="groups">The groups of rows, whose results are put together; one alone where a target multiplies values in two
    /// halves.</param>
    public void Unpack(PanelLayout layout, params int[] groups)
    {
        _groups = groups;
        Group = groups[0];
        // The code is a loop's body, which may be entered from elsewhere.
        foreach (var slot in _slots)
            slot.Content = null;
        layout.Unpack(this);
    }

    /// <summary>
    /// Consecutive blocks of 32 columns whose stored vectors are the same: all at once, so that each is loaded once, or one after another
    /// where the kernel has no registers for so many.
    /// </summary>
    public IEnumerable<int[]> Together(int first, int count)
    {
        var numbers = Enumerable.Range(first, count);
        return isTogether ? [[.. numbers]] : numbers.Select(number => (int[])[number]);
    }

    /// <summary>Four bytes of each row.</summary>
    public Unpacked Load(PanelField field, int index) =>
        Remember((nameof(Load), field, index, Group), field.IsKept, d => code.Load(d, Place(field, index)));

    /// <summary>One unsigned byte of each row, as an integer.</summary>
    public Unpacked LoadByte(PanelField field, int index) =>
        Remember((nameof(LoadByte), field, index, Group), field.IsKept, d => code.LoadBytes(d, Place(field, index)));

    /// <summary>One signed byte of each row, as an integer.</summary>
    public Unpacked LoadSignedByte(PanelField field, int index) =>
        Remember((nameof(LoadSignedByte), field, index, Group), field.IsKept, d => code.LoadSignedBytes(d, Place(field, index)));

    /// <summary>One F16 number of each row, as a float.</summary>
    public Unpacked LoadHalf(PanelField field) =>
        Remember((nameof(LoadHalf), field, 0, Group), field.IsKept, d => code.LoadHalves(d, Place(field, 0)));

    /// <summary>The low four bits of every byte.</summary>
    public Unpacked LowNibbles(Unpacked a) => Compute(a, (d, x) => code.And(d, x, _nibbles));

    /// <summary>The high four bits of every byte.</summary>
    public Unpacked HighNibbles(Unpacked a) => LowNibbles(ShiftRight(a, 4));

    /// <summary>Every byte and a mask.</summary>
    public Unpacked And(Unpacked a, byte mask) => And(a, [mask]);

    /// <summary>Every vector and a pattern that is repeated.</summary>
    public Unpacked And(Unpacked a, ReadOnlySpan<byte> pattern) => Compute(a, Constant(pattern), code.And);

    /// <summary>Every 32-bit integer and a mask.</summary>
    public Unpacked AndIntegers(Unpacked a, int mask) => And(a, BitConverter.GetBytes(mask));

    /// <summary>a or b.</summary>
    public Unpacked Or(Unpacked a, Unpacked b) => Compute(a, b, code.Or);

    /// <summary>Flips bits of every vector by a pattern that is repeated.</summary>
    public Unpacked Xor(Unpacked a, ReadOnlySpan<byte> pattern) => Compute(a, Constant(pattern), code.Xor);

    /// <summary>32-bit lanes moved right; bits move between bytes, and a mask drops them.</summary>
    public Unpacked ShiftRight(Unpacked a, int bits) => bits == 0 ? a : Compute(a, (d, x) => code.ShiftRightIntegers(d, x, bits));

    /// <summary>32-bit lanes moved left.</summary>
    public Unpacked ShiftLeft(Unpacked a, int bits) => bits == 0 ? a : Compute(a, (d, x) => code.ShiftLeftIntegers(d, x, bits));

    /// <summary>32-bit lanes moved left by a number of bits, or right where that is negative.</summary>
    public Unpacked Move(Unpacked a, int bits) => bits >= 0 ? ShiftLeft(a, bits) : ShiftRight(a, -bits);

    /// <summary>The lesser of every byte and a number.</summary>
    public Unpacked AtMost(Unpacked a, byte most) => Compute(a, Constant([most]), code.MinimumBytes);

    /// <summary>Bytes of a, picked within each 128 bits.</summary>
    public Unpacked Shuffle(Unpacked a, ReadOnlySpan<byte> indices) => Compute(a, Constant(indices), code.Shuffle);

    /// <summary>The values that codes from 0 to 15 stand for.</summary>
    public Unpacked LookUp(ReadOnlySpan<byte> table, Unpacked codes) => Compute(Constant(table), codes, code.Shuffle);

    /// <summary>Adds a number to every 32-bit integer.</summary>
    public Unpacked Add(Unpacked a, int number) => Compute(a, Constant(BitConverter.GetBytes(number)), code.AddIntegers);

    /// <summary>32-bit integers as floats.</summary>
    public Unpacked ToSingle(Unpacked a) => Compute(a, code.ToSingle);

    /// <summary>Products of floats.</summary>
    public Unpacked Multiply(Unpacked a, Unpacked b) => Compute(a, b, code.Multiply);

    /// <summary>Products of floats with a number.</summary>
    public Unpacked Multiply(Unpacked a, float number) => Multiply(a, Constant(BitConverter.GetBytes(number)));

    /// <summary>a times a number, plus b, in b's register.</summary>
    public Unpacked MultiplyAdd(Unpacked a, float number, Unpacked b)
    {
        var factor = Constant(BitConverter.GetBytes(number));
        SlotOf(b).Content = null;
        code.MultiplyAdd(b.Vector, Use(a), Use(factor));
        return b;
    }

    /// <summary>Floats with the other sign.</summary>
    public Unpacked Negate(Unpacked a) => Xor(a, [0, 0, 0, 0x80]);

    /// <summary>Puts the stored values of four columns: unsigned bytes.</summary>
    public void PutWeights(int block, int step, Func<Unpacked> weights)
    {
        if (!shape.IsSplitOn(Target))
        {
            Put(
                () => shape.IsFlippedOn(Target) ? Xor(weights(), [0x80]) : weights(),
                vectors => blocks.PutWeights(block, step, vectors, lowHalf: null));
            return;
        }
        var values = weights();
        SlotOf(values).Uses++;
        var (high, low) = (HighNibbles(values), LowNibbles(values));
        blocks.PutWeights(block, step, [Use(high)], Use(low));
    }

    /// <summary>Puts the integer scales, from −32768 to 32767, of 16 columns, after their weights.</summary>
    public void PutSubScale(int block, int sub, Func<Unpacked> scale) => Put(
        // Without dot products the sums they multiply are pairs of 16 bits.
        () => Target.HasDotProduct ? scale() : Shuffle(scale(), [0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13]),
        vectors => blocks.PutSubScale(block, sub, vectors));

    /// <summary>Puts the float scales of a block, after its weights and integer scales.</summary>
    public void PutScale(int block, Func<Unpacked> scale) => Put(scale, vectors => blocks.PutScale(block, vectors));

    /// <summary>Puts what a block adds for each unit of the activations' sum, after its scale.</summary>
    public void PutMinimum(int block, int index, Func<Unpacked> minimum) => Put(minimum, vectors => blocks.PutMinimum(block, index, vectors));

    /// <summary>Computes something for every group, then puts all of it.</summary>
    private void Put(Func<Unpacked> compute, Action<Vector[]> put)
    {
        var values = new Unpacked[_groups.Length];
        for (var i = 0; i < values.Length; i++)
        {
            Group = _groups[i];
            values[i] = compute();
        }
        put([.. values.Select(Use)]);
    }

    private Memory Place(PanelField field, int index)
    {
        var (panel, part) = Math.DivRem(Group, Target.VectorsPerPanel);
        return new(panels[panel], field.OffsetOf(index) + part * Target.LaneCount * field.ElementBytes);
    }

    private Unpacked Constant(ReadOnlySpan<byte> pattern)
    {
        var place = code.Constant(pattern);
        return Remember(place, isKept: true, d => code.Load(d, place));
    }

    /// <summary>What a register still has, or else what is loaded.</summary>
    private Unpacked Remember(object content, bool isKept, Action<Vector> load)
    {
        if (_slots.FirstOrDefault(slot => content.Equals(slot.Content)) is { } known)
        {
            known.Uses++;
            known.LastUse = _issued;
            return new Unpacked(known.Vector, known.Serial);
        }
        var loaded = Issue();
        load(loaded.Vector);
        var slot = SlotOf(loaded);
        (slot.Content, slot.IsKept) = (content, isKept);
        return loaded;
    }

    private Unpacked Compute(Unpacked a, Action<Vector, Vector> emit)
    {
        var x = Use(a);
        var d = Issue();
        emit(d.Vector, x);
        return d;
    }

    private Unpacked Compute(Unpacked a, Unpacked b, Action<Vector, Vector, Vector> emit)
    {
        var (x, y) = (Use(a), Use(b));
        var d = Issue();
        emit(d.Vector, x, y);
        return d;
    }

    /// <summary>A register whose content nobody waits for: one with nothing, or else what is least dear.</summary>
    private Unpacked Issue()
    {
        var slot = _slots.Where(slot => slot.Uses == 0).MinBy(slot => (slot.Content is null ? 0 : slot.IsKept ? 2 : 1, slot.LastUse))
            ?? throw new InvalidOperationException("A format computes with more vectors than there are registers.");
        (slot.Content, slot.Uses, slot.Serial) = (null, 1, ++_issued);
        return new Unpacked(slot.Vector, slot.Serial);
    }

    private Vector Use(Unpacked a)
    {
        var slot = SlotOf(a);
        slot.LastUse = _issued;
        return slot.Uses-- > 0 ? a.Vector : throw new InvalidOperationException("A vector was used once too often.");
    }

    private Slot SlotOf(Unpacked a) => _slots[a.Vector.Number].Serial == a.Serial
        ? _slots[a.Vector.Number]
        : throw new InvalidOperationException("A vector was used after its register was given out again.");

    /// <summary>A register: what was loaded into it, if that is still there, and how often what it has will yet be used.</summary>
    private sealed class Slot(Vector vector)
    {
        public Vector Vector => vector;

        public object? Content { get; set; }

        public bool IsKept { get; set; }

        public int Serial { get; set; }

        public int Uses { get; set; }

        public int LastUse { get; set; }
    }
}
