using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// Proves that no leaf of a period's summation tree has some id: by the last leaf before it and the first after it, which stand side by
/// side. Its bytes: <c>"ayni/absence/v1"</c> and a zero, currency (3), and for each of the two whether it follows (1) and, if so, id
/// (text), sums (49), commitment (32), index (8), leaves (8), nodes (1) and the nodes of its path (81 each). Without both the tree has no
/// leaves.
/// </summary>
internal sealed record AbsenceProof(Currency Currency, ProvenLeaf? Before, ProvenLeaf? After)
{
    private static ReadOnlySpan<byte> Tag => "ayni/absence/v1\0"u8;

    public byte[] Encode()
    {
        var writer = new CanonicalWriter();
        writer.WriteBytes(Tag);
        writer.WriteAscii(Currency.Code);
        Write(writer, Before);
        Write(writer, After);
        return writer.ToArray();
    }

    public static AbsenceProof Decode(ReadOnlySpan<byte> bytes) => ProofFormat.Read(bytes, "proof of absence", (ref reader) =>
    {
        reader.Expect(Tag, "tag");
        _ = Currency.TryParse(Encoding.Latin1.GetString(reader.ReadBytes(3, "currency")), out var currency);
        ProofChecks.All.Demand(ProofCheck.Format, currency is not null, "The proof of absence is of no known currency.");
        return new AbsenceProof(currency!, Read(ref reader), Read(ref reader));
    });

    /// <summary>Demands that the tree has no leaf of an id.</summary>
    public void Demand(string id, SumNode? root, ProofChecks checks)
    {
        if (root is not { } node)
        {
            checks.Demand(ProofCheck.Neighbours, Before is null && After is null, "A tree without leaves has no neighbours.");
            return;
        }
        Before?.Path.Demand(Before.Leaf, node, checks);
        After?.Path.Demand(After.Leaf, node, checks);
        checks.Demand(
            ProofCheck.Order,
            (Before is null || string.CompareOrdinal(Before.Leaf.Id, id) < 0) && (After is null || string.CompareOrdinal(id, After.Leaf.Id) < 0),
            $"{id} does not lie between the two leaves.");
        checks.Demand(
            ProofCheck.Neighbours, (After?.Path.Index ?? node.Sums.Leaves) == (Before?.Path.Index ?? -1) + 1,
            "The two leaves do not stand side by side.");
    }

    private static void Write(CanonicalWriter writer, ProvenLeaf? proven)
    {
        writer.WriteByte(proven is null ? (byte)0 : (byte)1);
        if (proven is null)
            return;
        Span<byte> node = stackalloc byte[SumNode.Size];
        writer.WriteText(proven.Leaf.Id);
        proven.Leaf.Sums.WriteTo(node);
        writer.WriteBytes(node[..Sums.Size]);
        writer.WriteDigest(proven.Leaf.Commitment);
        writer.WriteInt64(proven.Path.Index);
        writer.WriteInt64(proven.Path.Count);
        writer.WriteByte((byte)proven.Path.Path.Length);
        foreach (var beside in proven.Path.Path)
        {
            beside.WriteTo(node);
            writer.WriteBytes(node);
        }
    }

    private static ProvenLeaf? Read(ref CanonicalReader reader)
    {
        if (reader.ReadByte("leaf follows", 1) == 0)
            return null;
        var id = reader.ReadText("id");
        ProofChecks.All.Demand(ProofCheck.Format, SumLeaf.IsId(id), "The proof of absence has a leaf of no possible id.");
        var leaf = new SumLeaf(id, Sums.Read(reader.ReadBytes(Sums.Size, "sums")), reader.ReadDigest("commitment"));
        var (index, count) = (reader.ReadInt64("index"), reader.ReadInt64("leaves"));
        var path = new SumNode[reader.ReadByte("nodes", MerkleTree.MostLevels)];
        for (var i = 0; i < path.Length; i++)
            path[i] = SumNode.Read(reader.ReadBytes(SumNode.Size, "node"));
        return new(leaf, new(index, count, path));
    }
}
