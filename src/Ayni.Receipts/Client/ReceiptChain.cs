namespace Ayni.Receipts;

/// <summary>
/// The receipts that a client has of its keys, in whatever order they come: each key's are numbered from 1 without a gap, and each names
/// the hash of the one before. What is kept is where unbroken stretches begin and end, and the hashes of the last
/// <see cref="MostRemembered"/>. Thread-safe.
/// </summary>
public sealed class ReceiptChain
{
    /// <summary>Receipts of a key that are known again when they come a second time, as with an Idempotency-Key.</summary>
    public const int MostRemembered = 10_000;

    /// <summary>The most gaps that a key's receipts may have.</summary>
    private const int MostGaps = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string KeyId, string? MeterId), Series> _series = [];

    /// <summary>The numbers that lie between those it has: of requests that were given up, or of others who use the key.</summary>
    public IReadOnlyList<MissingReceipts> Missing
    {
        get
        {
            lock (_lock)
                return [.. _series.SelectMany(series => series.Value.Gaps(series.Key.KeyId, series.Key.MeterId))];
        }
    }

    /// <summary>
    /// Adds a receipt; one that it has is added again without effect. Throws <see cref="ProofException"/>
    /// (<see cref="ProofCheck.KeyNumbers"/>) if another has its number, or it does not follow the one before.
    /// </summary>
    public void Add(VerifiedReceipt receipt)
    {
        var (key, number, previous) = ((receipt.Receipt.KeyId, receipt.Receipt.MeterId), receipt.Receipt.KeyNumber, receipt.Receipt.PreviousHash);
        lock (_lock)
        {
            if (!_series.TryGetValue(key, out var series))
                _series.Add(key, series = new());
            series.Add(key.KeyId, number, previous, receipt.Receipt.Hash);
        }
    }

    /// <summary>Receipts that follow each other without a gap.</summary>
    private readonly record struct Stretch(long First, long Last, Digest Previous, Digest Hash);

    private sealed class Series
    {
        private readonly List<Stretch> _stretches = [];
        private readonly Dictionary<long, Digest> _remembered = [];
        private readonly Queue<long> _order = new();

        public IEnumerable<MissingReceipts> Gaps(string keyId, string? meterId) =>
            _stretches.Zip(_stretches.Skip(1), (before, after) => new MissingReceipts(keyId, meterId, before.Last + 1, after.First - 1));

        public void Add(string keyId, long number, Digest previous, Digest hash)
        {
            var at = _stretches.FindIndex(stretch => number <= stretch.Last);
            if (at < 0)
                at = _stretches.Count;
            if (at < _stretches.Count && number >= _stretches[at].First)
            {
                Demand(
                    _remembered.TryGetValue(number, out var known) && known == hash,
                    $"{keyId} has another receipt {number}, or the host gives one that is used up.");
                return;
            }
            var stretch = new Stretch(number, number, previous, hash);
            var (followsOne, isFollowed) = (at > 0 && _stretches[at - 1].Last == number - 1, at < _stretches.Count && _stretches[at].First == number + 1);
            Demand(!followsOne || _stretches[at - 1].Hash == previous, $"Receipt {number} of {keyId} does not follow the one before that was given.");
            Demand(!isFollowed || _stretches[at].Previous == hash, $"Receipt {number} of {keyId} is not the one that the next follows.");
            Demand(followsOne || isFollowed || _stretches.Count <= MostGaps, $"The receipts of {keyId} have more than {MostGaps} gaps.");
            if (isFollowed)
            {
                stretch = stretch with { Last = _stretches[at].Last, Hash = _stretches[at].Hash };
                _stretches.RemoveAt(at);
            }
            if (followsOne)
                _stretches[at - 1] = _stretches[at - 1] with { Last = stretch.Last, Hash = stretch.Hash };
            else
                _stretches.Insert(at, stretch);
            Remember(number, hash);
        }

        private void Remember(long number, Digest hash)
        {
            _remembered.Add(number, hash);
            _order.Enqueue(number);
            if (_order.Count > MostRemembered)
                _remembered.Remove(_order.Dequeue());
        }

        private static void Demand(bool holds, string problem) => ProofChecks.All.Demand(ProofCheck.KeyNumbers, holds, problem);
    }
}

/// <summary>Numbers of a key's receipts that a client has none of.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="MeterId">The meter whose series it is; null for the host's own.</param>
/// <param name="First">The first number.</param>
/// <param name="Last">The last number.</param>
public sealed record MissingReceipts(string KeyId, string? MeterId, long First, long Last);
