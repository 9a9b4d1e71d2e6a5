using System.Numerics;

namespace Ayni.Llama;

/// <summary>
/// Which two neighbouring symbols may become one, and in which order: the merge rules of byte-pair encoding.
/// Safe for many threads once filled.
/// </summary>
/// <remarks>Open addressing; the multiplier is chosen anew in each process, so that no file can be made to collide.</remarks>
internal sealed class PairTable
{
    private readonly ulong _multiplier = (ulong)Random.Shared.NextInt64() | 1;
    private Rule[] _rules;
    private int _shift;
    private int _count;

    /// <summary>Makes room for some number of rules; the table grows beyond it.</summary>
    public PairTable(int capacity)
    {
        _rules = new Rule[BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity, 8) * 2)];
        _shift = 64 - BitOperations.Log2((uint)_rules.Length);
    }

    /// <summary>One more than the largest rank.</summary>
    public int RankCount { get; private set; }

    /// <summary>All rules, in no order.</summary>
    public IEnumerable<(int Left, int Right, int Rank, int Merged)> Rules => _rules
        .Where(rule => rule.RankPlusOne != 0)
        .Select(rule => ((int)(rule.Key >> 32), (int)(uint)rule.Key, rule.RankPlusOne - 1, rule.Merged));

    /// <summary>Adds a rule; the first one for a pair counts. Ranks start at 0.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        if (_count * 3 > _rules.Length * 2)
            Grow();
        var key = Key(left, right);
        var slot = SlotOf(key);
        if (_rules[slot].RankPlusOne != 0)
            return;
        _rules[slot] = new Rule(key, rank + 1, merged);
        _count++;
        RankCount = Math.Max(RankCount, rank + 1);
    }

    /// <summary>Finds the rule for a pair; false, and the largest rank there is, where it may not merge.</summary>
    public bool TryFind(int left, int right, out int rank, out int merged)
    {
        ref readonly var rule = ref _rules[SlotOf(Key(left, right))];
        if (rule.RankPlusOne == 0)
        {
            rank = int.MaxValue;
            merged = -1;
            return false;
        }
        rank = rule.RankPlusOne - 1;
        merged = rule.Merged;
        return true;
    }

    private static ulong Key(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private int SlotOf(ulong key)
    {
        var rules = _rules;
        var slot = (int)(key * _multiplier >> _shift);
        while (rules[slot].RankPlusOne != 0 && rules[slot].Key != key)
            slot = (slot + 1) & (rules.Length - 1);
        return slot;
    }

    private void Grow()
    {
        var old = _rules;
        _rules = new Rule[old.Length * 2];
        _shift--;
        foreach (var rule in old)
        {
            if (rule.RankPlusOne != 0)
                _rules[SlotOf(rule.Key)] = rule;
        }
    }

    /// <summary>A rank of zero in <see cref="RankPlusOne"/> marks an empty slot.</summary>
    private readonly record struct Rule(ulong Key, int RankPlusOne, int Merged);
}
