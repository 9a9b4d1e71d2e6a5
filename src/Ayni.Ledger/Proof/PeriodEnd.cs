namespace Ayni.Ledger;

/// <summary>
/// Where an audited period ended, and those audited before it: what the next one must go on from. Where no month was audited before, it is
/// where the period itself says that it began.
/// </summary>
internal sealed class PeriodEnd
{
    private readonly PeriodRecord _record;
    private readonly Digest _hash;
    private readonly Period _first;
    private readonly bool _isFromTheBeginning;
    private readonly Dictionary<(string KeyId, string MeterId), KeyHead> _tails;
    private readonly Dictionary<(string PartyId, Currency Currency), Amount> _carries;
    private readonly Dictionary<(ShareKey Key, Period Month), ShareCarry> _shares;
    private readonly HashSet<Digest> _counted;
    private readonly List<ReceiptBetween> _notCounted;

    private PeriodEnd(
        PeriodRecord record, Digest hash, PeriodEnd? before, IReadOnlyList<KeyTail> tails, BundleLeaves leaves,
        IReadOnlyList<ReceiptBetween> between, Settlement settlement, Dictionary<(ShareKey, Period), ShareCarry> shares)
    {
        (_record, _hash) = (record, hash);
        _first = before?._first ?? record.Period;
        _isFromTheBeginning = before?._isFromTheBeginning ?? record.Previous == Digest.Zero;
        _tails = before is null ? [] : new(before._tails);
        foreach (var tail in tails)
            _tails[(tail.KeyId, tail.MeterId)] = new(tail.Number, tail.Hash);
        _carries = NotZero(settlement, total => total.CarryOut);
        _shares = shares;
        _counted = before is null ? [] : [.. before._counted];
        _counted.UnionWith(leaves.Hashes.Values);
        _notCounted = [.. (before?._notCounted ?? []).Concat(between).Where(other => !_counted.Contains(other.Link.Hash))];
    }

    /// <summary>
    /// Demands that a period goes on where the one audited before it ended: its record follows, keys' numbers go on, what was carried out
    /// is carried in, and receipts that stand between keys' numbers are counted in the month they belong to.
    /// </summary>
    public static PeriodEnd Demand(
        PeriodRecord record, Digest hash, PeriodEnd? before, IReadOnlyList<KeyTail> tails, BundleLeaves leaves, IReadOnlyList<ReceiptBetween> between,
        IReadOnlyList<CarriedItem> carried, Settlement settlement, VerificationBuilder result, ProofChecks checks)
    {
        var sharesIn = Add([], carried.Select(item => (item.Key, item.Month, item.Carry)));
        var sharesOut = Add(
            sharesIn, settlement.Results.SelectMany(one => one.Shares).SelectMany(share => share.Carry.Select(item => (share.Key, item.Month, item.Carry))));
        before?.DemandFollows(record, tails, NotZero(settlement, total => total.CarryIn), sharesIn, checks);
        var end = new PeriodEnd(record, hash, before, tails, leaves, between, settlement, sharesOut);
        end.DemandCounted(checks);
        end.Report(before, tails, settlement, result, checks);
        return end;
    }

    private void DemandFollows(
        PeriodRecord record, IReadOnlyList<KeyTail> tails, Dictionary<(string, Currency), Amount> carries,
        Dictionary<(ShareKey, Period), ShareCarry> shares, ProofChecks checks)
    {
        var period = record.Period;
        checks.Demand(
            ProofCheck.Continuity, record.Origin == _record.Origin && record.Previous == _hash,
            $"{period} does not follow {_record.Period}: name the bundles of all months between, in their order.");
        foreach (var tail in tails)
        {
            // Of a key that no audited month has seen, nothing is known unless the first of all was audited.
            var isKnown = _tails.TryGetValue((tail.KeyId, tail.MeterId), out var end) || _isFromTheBeginning;
            checks.Demand(
                ProofCheck.Continuity, !isKnown || (tail.BeforeNumber == end.Number && tail.BeforeHash == end.Hash),
                $"{tail.KeyId} goes on after receipt {tail.BeforeNumber} in {period}, and ended with {end.Number} before.");
        }
        checks.Demand(ProofCheck.Continuity, Same(carries, _carries), $"What parties carry into {period} is not what they carried out of {_record.Period}.");
        checks.Demand(ProofCheck.Continuity, Same(shares, _shares), $"What shares carry into {period} is not what they carried out of {_record.Period}.");
    }

    /// <summary>Demands that receipts of audited months which stand between others are counted in one of them.</summary>
    private void DemandCounted(ProofChecks checks)
    {
        foreach (var (link, receipt) in _notCounted)
            checks.Demand(
                ProofCheck.Continuity, receipt is null || receipt.Period < _first || receipt.Period > _record.Period,
                $"Receipt {link.Number} of {link.KeyId} is one of {receipt?.Period}, and no month up to {_record.Period} counts it.");
    }

    private void Report(PeriodEnd? before, IReadOnlyList<KeyTail> tails, Settlement settlement, VerificationBuilder result, ProofChecks checks)
    {
        var period = _record.Period;
        if (before is not null)
        {
            result.Prove($"{period} goes on where {before._record.Period} ended: keys' numbers, and what parties and shares carry.");
        }
        else if (_isFromTheBeginning)
        {
            checks.Demand(
                ProofCheck.Continuity, tails.All(tail => tail.BeforeNumber == 0), $"{period} is the first month, and a key's numbers begin before it.");
            result.Prove($"{period} is the first month that the host has signed, and keys' numbers begin in it.");
            if (settlement.Totals.Any(total => total.CarryIn.Sign != 0))
                result.LeaveOpen("What was carried in from before the ledger.");
        }
        else
        {
            result.LeaveOpen(
                "That keys' numbers and what was carried in go on from the month before: name its bundle first, too, and no receipt can be in neither.");
        }
        if (_notCounted.Count > 0)
            result.LeaveOpen(
                $"That {_notCounted.Count} receipts which stand between those of {period} are counted in months before or after: audit these, too.");
    }

    private static Dictionary<(string, Currency), Amount> NotZero(Settlement settlement, Func<PartyTotal, Amount> carryOf) =>
        settlement.Totals.Where(total => carryOf(total).Sign != 0).ToDictionary(total => (total.PartyId, total.Currency), carryOf);

    private static Dictionary<(ShareKey, Period), ShareCarry> Add(
        Dictionary<(ShareKey, Period), ShareCarry> sums, IEnumerable<(ShareKey Key, Period Month, ShareCarry Carry)> carries)
    {
        var all = new Dictionary<(ShareKey, Period), ShareCarry>(sums);
        foreach (var (key, month, carry) in carries)
        {
            var sum = all.TryGetValue((key, month), out var so) ? so + carry : carry;
            if (sum == ShareCarry.Zero(key.Currency))
                all.Remove((key, month));
            else
                all[(key, month)] = sum;
        }
        return all;
    }

    private static bool Same<TKey, TValue>(Dictionary<TKey, TValue> left, Dictionary<TKey, TValue> right)
        where TKey : notnull =>
        left.Count == right.Count && left.All(item => right.TryGetValue(item.Key, out var value) && EqualityComparer<TValue>.Default.Equals(item.Value, value));
}
