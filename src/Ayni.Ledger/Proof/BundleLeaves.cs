using System.Text;

namespace Ayni.Ledger;

/// <summary>The leaves of a bundle as they are read, in the memory of what each receipt's chain and sums need.</summary>
internal sealed class BundleLeaves
{
    private readonly PeriodFacts _facts;
    private readonly ProofChecks _checks;
    private readonly SumTrees _trees = new();
    private readonly List<AdjustedRevenue> _adjusted = [];

    private BundleLeaves(BundleStream stream, PeriodFacts facts, ProofChecks checks)
    {
        (_facts, _checks) = (facts, checks);
        Lines = RevenueLine.Collect(each => ReadAll(stream, each), _adjusted, facts.Revenue, facts.Developers);
        Trees = _trees.Complete();
    }

    public IReadOnlyList<(Currency Currency, SumTreeKind Kind, IReadOnlyList<SumChunk> Chunks)> Trees { get; }

    /// <summary>What opened receipts and adjustments come to as revenue, in order; fake money is none.</summary>
    public IReadOnlyList<RevenueLine> Lines { get; }

    /// <summary>Where each receipt stands in its key's series.</summary>
    public List<ReceiptLink> Receipts { get; } = [];

    /// <summary>Every receipt's hash by its id.</summary>
    public Dictionary<string, Digest> Hashes { get; } = new(StringComparer.Ordinal);

    /// <summary>The latest month that a receipt is of, among those that are open.</summary>
    public Period LatestMonth { get; private set; }

    /// <summary>Customers of whom something is open.</summary>
    public HashSet<string> OpenCustomers { get; } = new(StringComparer.Ordinal);

    /// <summary>The leaves that can't be opened.</summary>
    public Dictionary<string, ErasedLeaf> Erased { get; } = new(StringComparer.Ordinal);

    public static BundleLeaves Of(string path, PeriodFacts facts, ProofChecks checks)
    {
        using var buffered = new BufferedStream(File.OpenRead(path), 1 << 16);
        return Of(buffered, facts, checks);
    }

    public static BundleLeaves Of(Stream stream, PeriodFacts facts, ProofChecks checks) => new(new BundleStream(stream), facts, checks);

    private void ReadAll(BundleStream stream, Action<Receipt> each)
    {
        while (stream.TryReadByte() is { } kind)
        {
            switch (kind)
            {
                case AuditBundle.Receipt:
                    AddReceipt(stream.Read(SumLeaf.SaltBytes), stream.ReadItem(), each);
                    break;
                case AuditBundle.Adjustment:
                    AddAdjustment(stream.Read(SumLeaf.SaltBytes), stream.ReadItem());
                    break;
                case AuditBundle.Erased:
                    AddErased(stream);
                    break;
                default:
                    throw new ProofException(ProofCheck.Format, "The bundle's leaves hold what is none.");
            }
        }
    }

    private void AddReceipt(byte[] salt, byte[] canonical, Action<Receipt> each)
    {
        var receipt = ProofFormat.ReadReceipt(canonical);
        _trees.Add(receipt.Currency, SumTreeKind.Receipts, SumLeaf.Of(receipt, SumLeaf.Commit(salt, canonical)), _checks);
        var hash = Digest.Of(canonical);
        Receipts.Add(ReceiptLink.Of(receipt, hash));
        Hashes[receipt.Id] = hash;
        LatestMonth = receipt.Period > LatestMonth ? receipt.Period : LatestMonth;
        OpenCustomers.Add(receipt.CustomerId);
        if (receipt.Currency.IsTest)
            return;
        if (receipt.AppId is { } app)
            _facts.DeveloperOf(app);
        each(receipt);
    }

    private void AddAdjustment(byte[] salt, byte[] item)
    {
        var adjustment = ProofItems.Read(item, ProofItems.Default.Adjustment);
        _trees.Add(
            adjustment.Currency, AdjustmentItem.KindOf(adjustment), AdjustmentItem.Leaf(adjustment, SumLeaf.Commit(salt, item)), _checks);
        OpenCustomers.Add(adjustment.CustomerId);
        if (adjustment.Currency.IsTest)
            return;
        foreach (var part in adjustment.Parts)
        {
            ProofChecks.All.Demand(ProofCheck.Format, part.Amount.Currency == adjustment.Currency, "An adjustment has parts in two currencies.");
            if (part.Share.AppId is { } app)
                _facts.DeveloperOf(app);
        }
        _adjusted.AddRange(PeriodAdjustments.Revenue(adjustment, _facts.Zone));
    }

    private void AddErased(BundleStream stream)
    {
        _ = Currency.TryParse(Encoding.Latin1.GetString(stream.Read(3)), out var currency);
        var kind = stream.Read(1)[0];
        var sums = Sums.Read(stream.Read(Sums.Size));
        var commitment = stream.ReadDigest();
        var id = stream.ReadText();
        ProofChecks.All.Demand(
            ProofCheck.Format, currency is not null && kind <= (byte)SumTreeKind.Reductions && id.Length > 0, "The bundle's leaves hold what is none.");
        _trees.Add(currency!, (SumTreeKind)kind, new(id, sums, commitment), _checks);
        string customer;
        if ((SumTreeKind)kind == SumTreeKind.Receipts)
        {
            var link = ReceiptLink.Read(stream);
            Receipts.Add(link);
            Hashes[id] = link.Hash;
            customer = link.CustomerId;
        }
        else
        {
            customer = stream.ReadText();
        }
        Erased[id] = new(customer, currency!, (SumTreeKind)kind, sums);
    }
}

/// <summary>A leaf that nobody can open any more.</summary>
internal sealed record ErasedLeaf(string CustomerId, Currency Currency, SumTreeKind Kind, Sums Sums);
