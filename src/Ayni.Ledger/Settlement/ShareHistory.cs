namespace Ayni.Ledger;

/// <summary>What is carried for each share: the sum of what earlier closes added, and never a number of its own.</summary>
public sealed class ShareHistory
{
    private readonly Dictionary<ShareKey, ShareCarry> _totals = [];
    private readonly Dictionary<(ShareKey, Period), Amount> _bases = [];

    /// <summary>Everything carried for a share.</summary>
    public ShareCarry Of(ShareKey key) => _totals.GetValueOrDefault(key) ?? ShareCarry.Zero(key.Currency);

    /// <summary>A month's base as it has come to so far, late receipts included.</summary>
    public Amount BaseOf(ShareKey key, Period month) => _bases.GetValueOrDefault((key, month), Amount.Zero(key.Currency));

    /// <summary>Adds what a close adds.</summary>
    public void Add(ShareKey key, Period month, ShareCarry carry)
    {
        _totals[key] = Of(key) + carry;
        _bases[(key, month)] = BaseOf(key, month) + carry.Base;
    }

    /// <summary>Adds what an evaluation adds.</summary>
    public void Add(AgreementResult result)
    {
        foreach (var share in result.Shares)
        {
            foreach (var (month, carry) in share.Carry)
                Add(share.Key, month, carry);
        }
    }
}
