namespace Ayni.Kernels;

/// <summary>
/// Part of a block in a panel: for each element in turn, that element of all 16 rows.
/// </summary>
/// <param name="FileOffset">Where the part begins in a block of the file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ElementBytes">The unit that packing moves: 1, 2 or 4 bytes. Four for values, so that a lane holds four columns of a
/// row.</param>
/// <param name="PanelOffset">Where it begins in the panel's block.</param>
/// <param name="IsKept">Whether many columns need each element, so that unpacking keeps it in a register if it can.</param>
internal sealed record PanelField(int FileOffset, int Bytes, int ElementBytes, int PanelOffset, bool IsKept = false);

/// <summary>
/// A format as the compiled tier keeps it: the file's own bits, rearranged so that a vector holds the same four columns of several rows,
/// and how they are unpacked. Packing moves whole elements and changes no bit.
/// </summary>
internal abstract class PanelLayout
{
    private readonly List<PanelField> _fields = [];

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

    /// <summary>Emits the unpacking of one block of as many rows as a vector has lanes.</summary>
    public abstract void Unpack(PanelUnpacker u);

    private protected PanelField Values(int fileOffset, int bytes) => Add(fileOffset, bytes, 4, isKept: false);

    private protected PanelField Integers(int fileOffset, int bytes) => Add(fileOffset, bytes, 4, isKept: true);

    private protected PanelField Halves(int fileOffset) => Add(fileOffset, 2, 2, isKept: true);

    private protected PanelField Bytes(int fileOffset, int bytes) => Add(fileOffset, bytes, 1, isKept: false);

    private PanelField Add(int fileOffset, int bytes, int elementBytes, bool isKept)
    {
        var field = new PanelField(fileOffset, bytes, elementBytes, _fields.Sum(f => f.Bytes) * Lanes.Count, isKept);
        _fields.Add(field);
        return field;
    }
}
