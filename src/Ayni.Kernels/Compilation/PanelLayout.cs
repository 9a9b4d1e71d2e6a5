namespace Ayni.Kernels;

/// <summary>
/// Part of a block in a panel: for each element in turn, that element of all 16 rows.
/// </summary>
/// <param name="Places">Where each element begins in a block of the file.</param>
/// <param name="ElementBytes">The unit that packing moves: 1, 2 or 4 bytes. Four for values, so that a lane holds four columns of a
/// row.</param>
/// <param name="PanelOffset">Where the part begins in the panel's block.</param>
/// <param name="IsKept">Whether many columns need each element, so that unpacking keeps it in a register if it can.</param>
internal sealed record PanelField(int[] Places, int ElementBytes, int PanelOffset, bool IsKept)
{
    /// <summary>Where an element of all rows begins in the panel's block.</summary>
    public int OffsetOf(int index) => PanelOffset + index * Lanes.Count * ElementBytes;
}

/// <summary>
/// A format as the compiled tier keeps it: the file's own bits, rearranged so that a vector holds the same four columns of several rows
/// and vectors lie in the order in which a product loads them, which is what the processor's own fetching ahead goes by; and how they are
/// unpacked. Packing moves whole elements and changes no bit.
/// </summary>
internal abstract class PanelLayout
{
    private readonly List<PanelField> _fields = [];
    private int _panelBytes;
    private PanelMoves? _moves;

    /// <param name="type">The format.</param>
    /// <param name="shape">What it unpacks to.</param>
    /// <param name="blocksTogether">Blocks of the format that make one of the panel.</param>
    private protected PanelLayout(TensorType type, BlockShape shape, int blocksTogether = 1)
    {
        Type = type;
        Shape = shape;
        var (columns, bytes) = TensorTypes.FormatOf(type);
        (BlockColumns, BlockBytes) = (columns * blocksTogether, bytes * blocksTogether);
    }

    /// <summary>The format.</summary>
    public TensorType Type { get; }

    /// <summary>What it unpacks to.</summary>
    public BlockShape Shape { get; }

    /// <summary>Columns of a block of the panel.</summary>
    public int BlockColumns { get; }

    /// <summary>Bytes of such a block of one row.</summary>
    public int BlockBytes { get; }

    /// <summary>Consecutive blocks of 32 columns that share stored vectors.</summary>
    public virtual int BlocksTogether => 1;

    /// <summary>Every byte of a block, in the order in which a panel has them.</summary>
    public IReadOnlyList<PanelField> Fields => _fields;

    /// <summary>How a block of the file becomes one of a panel.</summary>
    public PanelMoves Moves => _moves ??= PanelMoves.Of(this);

    /// <summary>Emits the unpacking of one block of as many rows as a vector has lanes.</summary>
    public abstract void Unpack(PanelUnpacker u);

    /// <summary>Values of consecutive columns.</summary>
    private protected PanelField Values(int fileOffset, int bytes) => ValuesAt(Places(fileOffset, bytes, 4));

    /// <summary>Values that are needed in another order than the file's.</summary>
    private protected PanelField ValuesAt(IEnumerable<int> places) => Add(places, 4, isKept: false);

    private protected PanelField Integers(int fileOffset, int bytes) => Add(Places(fileOffset, bytes, 4), 4, isKept: true);

    private protected PanelField Halves(int fileOffset) => Add([fileOffset], 2, isKept: true);

    private protected PanelField Bytes(int fileOffset, int bytes) => Add(Places(fileOffset, bytes, 1), 1, isKept: false);

    private static IEnumerable<int> Places(int fileOffset, int bytes, int elementBytes) =>
        Enumerable.Range(0, bytes / elementBytes).Select(i => fileOffset + i * elementBytes);

    private PanelField Add(IEnumerable<int> places, int elementBytes, bool isKept)
    {
        var field = new PanelField([.. places], elementBytes, _panelBytes, isKept);
        _panelBytes = field.OffsetOf(field.Places.Length);
        _fields.Add(field);
        return field;
    }
}
