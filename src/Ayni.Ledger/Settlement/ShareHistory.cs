namespace Ayni.Ledger;

/// <summary>What is carried for each share: the sum of what earlier closes added, and never a number of its own.</summary>
public sealed class ShareHistory
{
    private readonly Dictionary<ShareKey, ShareCarry> _totals = [];
    private readonly Dictionary<(ShareKey, Period), ShareCarry> _months = [];

    /// <summary>Everything carried for a share.</summary>
    public ShareCarry Of(ShareKey key) => _totals.GetValueOrDefault(key) ?? ShareCarry.Zero(key.Currency);

    /// <summary>What a month's revenue and base have come to so far, late receipts included.</summary>
    public (Amount Revenue, Amount Base) Of(ShareKey key, Period month) =>
        _months.GetValueOrDefault((key, month)) is { } carry ? (carry.Revenue, carry.Base) : (Amount.Zero(key.Currency), Amount.Zero(key.Currency));

    /// <summary>Adds what a close adds.</summary>
    public void Add(ShareKey key, Period month, ShareCarry carry)
    {
        _totals[key] = Of(key) + carry;
        _months[(key, month)] = _months.GetValueOrDefault((key, month)) is { } before ? before + carry : carry;
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
