using System.Buffers.Binary;
using System.Text;

namespace Ayni.Ledger;

/// <summary>The leaves of a bundle as they are read, in the memory of what each receipt's chain and sums need.</summary>
internal sealed class BundleLeaves(RevenueFacts facts)
{
    private readonly SumTrees _trees = new();
    private readonly Dictionary<RevenueGroup, (long Receipts, Amount Gross)> _revenue = [];

    public IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees { get; private set; } = [];

    /// <summary>Where each opened receipt stands in its key's series.</summary>
    public List<ReceiptLink> Receipts { get; } = [];

    /// <summary>Every receipt's hash by its id; zero where it can't be opened.</summary>
    public Dictionary<string, Digest> Hashes { get; } = new(StringComparer.Ordinal);

    public bool HasErased { get; private set; }

    /// <summary>What receipts and adjustments come to by what they say themselves.</summary>
    public IReadOnlyDictionary<RevenueGroup, (long Receipts, Amount Gross)> Revenue => _revenue;

    public static BundleLeaves Of(string path, RevenueFacts facts, ProofChecks checks)
    {
        var reading = new BundleLeaves(facts);
        using var stream = File.OpenRead(path);
        using var buffered = new BufferedStream(stream, 1 << 16);
        for (int kind; (kind = buffered.ReadByte()) >= 0;)
            reading.Add(kind, buffered, checks);
        reading.Trees = reading._trees.Complete();
        return reading;
    }

    public static byte[] ReadBytes(Stream stream)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(ReadExactly(stream, sizeof(int)));
        ProofChecks.All.Demand(ProofCheck.Format, length is >= 0 and <= AuditBundle.MostItemBytes, "The bundle holds an item that is too long.");
        return ReadExactly(stream, length);
    }

    private void Add(int kind, Stream stream, ProofChecks checks)
    {
        switch (kind)
        {
            case AuditBundle.Receipt:
                AddReceipt(ReadExactly(stream, SumLeaf.SaltBytes), ReadBytes(stream), checks);
                break;
            case AuditBundle.Adjustment:
                AddAdjustment(ReadExactly(stream, SumLeaf.SaltBytes), ReadBytes(stream), checks);
                break;
            case AuditBundle.Erased:
                AddErased(stream, checks);
                break;
            default:
                throw new ProofException(ProofCheck.Format, "The bundle's leaves hold what is none.");
        }
    }

    private void AddReceipt(byte[] salt, byte[] canonical, ProofChecks checks)
    {
        var receipt = ProofFormat.ReadReceipt(canonical);
        _trees.Add(receipt.Currency, SumTreeKind.Receipts, SumLeaf.Of(receipt, SumLeaf.Commit(salt, canonical)), checks);
        var hash = Digest.Of(canonical);
        Receipts.Add(new(receipt.KeyId, receipt.MeterId ?? "", receipt.KeyNumber, receipt.PreviousHash, hash));
        Hashes[receipt.Id] = hash;
        AddRevenue(
            new(receipt.Currency, receipt.Model, receipt.AppId, facts.AgreementOf(receipt), receipt.Period, receipt.Adapter?.Name), 1, receipt.Charge);
    }

    private void AddAdjustment(byte[] salt, byte[] item, ProofChecks checks)
    {
        var adjustment = ProofItems.Read(item, ProofItems.Default.Adjustment);
        _trees.Add(
            adjustment.Currency, AdjustmentItem.KindOf(adjustment), AdjustmentItem.Leaf(adjustment, SumLeaf.Commit(salt, item)), checks);
        foreach (var part in adjustment.Parts)
            AddRevenue(
                new(
                    adjustment.Currency, part.Share.Model, part.Share.AppId, part.Share.AgreementVersion, adjustment.ServicePeriod,
                    part.Share.Adapter),
                0, part.Amount);
    }

    private void AddErased(Stream stream, ProofChecks checks)
    {
        HasErased = true;
        _ = Currency.TryParse(Encoding.Latin1.GetString(ReadExactly(stream, 3)), out var currency);
        var kind = ReadExactly(stream, 1)[0];
        var sums = Sums.Read(ReadExactly(stream, Sums.Size));
        var commitment = Digest.FromBytes(ReadExactly(stream, Digest.Size));
        var id = Encoding.Latin1.GetString(ReadExactly(stream, ReadExactly(stream, 1)[0]));
        ProofChecks.All.Demand(
            ProofCheck.Format, currency is not null && kind <= (byte)SumTreeKind.Reductions && SumLeaf.IsId(id), "The bundle's leaves hold what is none.");
        _trees.Add(currency!, (SumTreeKind)kind, new(id, sums, commitment), checks);
        Hashes[id] = default;
    }

    private void AddRevenue(RevenueGroup group, long receipts, Amount gross)
    {
        var (count, sum) = _revenue.GetValueOrDefault(group, (0, Amount.Zero(group.Currency)));
        _revenue[group] = (count + receipts, sum + gross);
    }

    private static byte[] ReadExactly(Stream stream, int count)
    {
        var bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count
            ? bytes
            : throw new ProofException(ProofCheck.Format, "The bundle's leaves are cut off.");
    }
}
