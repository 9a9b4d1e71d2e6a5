using System.Collections.Immutable;
using System.Text;

namespace Ayni.Receipts;

/// <summary>The lists a closed period commits to.</summary>
internal enum PeriodListName
{
    /// <summary>Where each series of a key's receipts ends.</summary>
    KeyTails = 0,

    /// <summary>Revenue: what receipts and adjustments come to by model, app and agreement, with what is taken off it.</summary>
    Gross = 1,

    /// <summary>What lessens it, with its evidence.</summary>
    Deductions = 2,

    /// <summary>What each party earns of each line.</summary>
    Splits = 3,

    /// <summary>What each party carried in, earned, is paid and carries on.</summary>
    Totals = 4,

    /// <summary>Every version of agreements that takes effect before the period ends.</summary>
    Agreements = 5,

    /// <summary>Every party's statement.</summary>
    Statements = 6,

    /// <summary>What customers paid, with its evidence, where shares are of what is collected.</summary>
    Collections = 7,

    /// <summary>What earlier closes carry for shares of documents.</summary>
    Carried = 8,

    /// <summary>Facts beside receipts that decide how revenue is shared: whose apps, customers and meters are, and where.</summary>
    Facts = 9,
}

/// <summary>A summation tree of a period.</summary>
/// <param name="Currency">What its money is in.</param>
/// <param name="Kind">What its leaves are.</param>
/// <param name="Root">Its root, with what all leaves add up to.</param>
internal readonly record struct PeriodTree(Currency Currency, SumTreeKind Kind, SumNode Root);

/// <summary>A list of a period.</summary>
/// <param name="Count">How many items.</param>
/// <param name="Root">RFC 6962 over the items, each with its salt before it; of no items the hash of nothing.</param>
internal readonly record struct PeriodList(long Count, Digest Root);

/// <summary>
/// What a closed period commits to. Its bytes:
/// <code>
/// 16  "ayni/period/v1" and zeros
///  *  origin                    text: the log's name
///  7  period                    ASCII
///  8  end                       microseconds since 1970: the first instant after it in the ledger's zone
/// 32  previous                  hash of the record before; zeros for the first
///  1  trees                     then each: currency (3), kind (1), root as in a proof of a sum (81); in order of both
///  1  lists                     10, then each: count (8), root (32)
/// </code>
/// Its hash is in the log.
/// </summary>
internal sealed record PeriodRecord(
    string Origin, Period Period, DateTimeOffset End, Digest Previous, ImmutableArray<PeriodTree> Trees, ImmutableArray<PeriodList> Lists)
{
    private static readonly int ListCount = Enum.GetValues<PeriodListName>().Length;

    private static ReadOnlySpan<byte> Tag => "ayni/period/v1\0\0"u8;

    public byte[] Encode()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        writer.WriteText(Origin);
        writer.WriteAscii(Period.ToString());
        writer.WriteInt64(End.Microseconds());
        writer.WriteDigest(Previous);
        writer.WriteByte((byte)Trees.Length);
        Span<byte> node = stackalloc byte[SumNode.Size];
        foreach (var tree in Trees)
        {
            writer.WriteAscii(tree.Currency.Code);
            writer.WriteByte((byte)tree.Kind);
            tree.Root.WriteTo(node);
            writer.WriteBytes(node);
        }
        writer.WriteByte((byte)Lists.Length);
        foreach (var list in Lists)
        {
            writer.WriteInt64(list.Count);
            writer.WriteDigest(list.Root);
        }
        return writer.ToArray();
    }

    public static PeriodRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var record = ProofFormat.Read(bytes, "period's record", (ref reader) =>
        {
            reader.Expect(Tag, "tag");
            var origin = reader.ReadText("origin");
            var period = reader.ReadPeriod("period");
            var end = reader.ReadInstant("end");
            var previous = reader.ReadDigest("previous");
            var trees = ImmutableArray.CreateBuilder<PeriodTree>();
            for (var left = reader.ReadByte("trees", byte.MaxValue); left > 0; left--)
            {
                _ = Currency.TryParse(Encoding.Latin1.GetString(reader.ReadBytes(3, "currency")), out var currency);
                trees.Add(new(
                    currency ?? throw new ProofException(ProofCheck.Format, "The period's record has a tree of no known currency."),
                    (SumTreeKind)reader.ReadByte("kind of tree", (byte)SumTreeKind.Reductions),
                    SumNode.Read(reader.ReadBytes(SumNode.Size, "root"))));
            }
            var lists = ImmutableArray.CreateBuilder<PeriodList>();
            for (var left = reader.ReadByte("lists", byte.MaxValue); left > 0; left--)
                lists.Add(new(reader.ReadInt64("count"), reader.ReadDigest("root")));
            return new PeriodRecord(origin, period, end, previous, trees.ToImmutable(), lists.ToImmutable());
        });
        var inOrder = record.Trees.Zip(record.Trees.Skip(1), (a, b) => Compare(a, b) < 0).All(before => before);
        ProofChecks.All.Demand(
            ProofCheck.Format, inOrder && record.Lists.Length == ListCount && record.Lists.All(list => list.Count >= 0),
            "The period's record has trees or lists that none has.");
        return record;
    }

    /// <summary>A list.</summary>
    public PeriodList this[PeriodListName name] => Lists[(int)name];

    /// <summary>A tree; null where it has no leaves.</summary>
    public SumNode? Tree(Currency currency, SumTreeKind kind)
    {
        foreach (var tree in Trees)
        {
            if (tree.Currency == currency && tree.Kind == kind)
                return tree.Root;
        }
        return null;
    }

    private static int Compare(PeriodTree left, PeriodTree right)
    {
        var byCurrency = string.CompareOrdinal(left.Currency.Code, right.Currency.Code);
        return byCurrency != 0 ? byCurrency : left.Kind.CompareTo(right.Kind);
    }
}

/// <summary>Where a series of a key's receipts was at a close, and at the close before that had receipts of it.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="MeterId">The meter that reports for it, or empty.</param>
/// <param name="BeforeNumber">The last number before; 0 if there was none.</param>
/// <param name="BeforeHash">The hash of that receipt.</param>
/// <param name="Number">The last number now.</param>
/// <param name="Hash">The hash of that receipt.</param>
internal sealed record KeyTail(string KeyId, string MeterId, long BeforeNumber, Digest BeforeHash, long Number, Digest Hash)
{
    private static ReadOnlySpan<byte> Tag => "ayni/tail/v1\0\0\0\0"u8;

    public byte[] Encode()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        writer.WriteText(KeyId);
        writer.WriteByte(MeterId.Length == 0 ? (byte)0 : (byte)1);
        if (MeterId.Length > 0)
            writer.WriteText(MeterId);
        writer.WriteInt64(BeforeNumber);
        writer.WriteDigest(BeforeHash);
        writer.WriteInt64(Number);
        writer.WriteDigest(Hash);
        return writer.ToArray();
    }

    public static KeyTail Decode(ReadOnlySpan<byte> bytes) => ProofFormat.Read(bytes, "key's tail", (ref reader) =>
    {
        reader.Expect(Tag, "tag");
        return new KeyTail(
            reader.ReadText("key id"), reader.ReadByte("meter follows", 1) == 0 ? "" : reader.ReadText("meter's key id"),
            reader.ReadInt64("number before"), reader.ReadDigest("hash before"), reader.ReadInt64("number"), reader.ReadDigest("hash"));
    });
}
