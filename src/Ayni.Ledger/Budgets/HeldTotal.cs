namespace Ayni.Ledger;

/// <summary>
/// What requests under way may yet cost somebody limited in a span of time, by the runs of hosts that they are under way at; within a
/// transaction.
/// </summary>
internal sealed class HeldTotal(Currency currency)
{
    // Few hosts share a ledger, most of the time one.
    private readonly List<(string LeaseId, Amount Held, bool IsChanged)> _runs = [];

    /// <summary>What all runs hold together.</summary>
    public Amount Total { get; private set; } = Amount.Zero(currency);

    /// <summary>Adds to what a run holds, or takes from it.</summary>
    public void Add(string leaseId, Amount amount) => Add(leaseId, amount, isChange: true);

    /// <summary>Puts an amount in the place of what a run holds.</summary>
    public void Set(string leaseId, Amount amount)
    {
        var held = _runs.Find(run => run.LeaseId == leaseId) is { LeaseId: not null } run ? run.Held : Amount.Zero(currency);
        if (held != amount)
            Add(leaseId, amount - held);
    }

    /// <summary>Takes in what is stored of a run.</summary>
    public void Load(string leaseId, Amount held) => Add(leaseId, held, isChange: false);

    /// <summary>Forgets a run, whose rows are deleted.</summary>
    public void Remove(string leaseId)
    {
        var index = _runs.FindIndex(run => run.LeaseId == leaseId);
        if (index < 0)
            return;
        Total -= _runs[index].Held;
        _runs.RemoveAt(index);
    }

    /// <summary>Hands over what runs hold that is still to be written.</summary>
    public void Save(Action<string, Amount> write)
    {
        for (var i = 0; i < _runs.Count; i++)
        {
            if (_runs[i].IsChanged)
                write(_runs[i].LeaseId, _runs[i].Held);
            _runs[i] = _runs[i] with { IsChanged = false };
        }
    }

    private void Add(string leaseId, Amount amount, bool isChange)
    {
        Total += amount;
        for (var i = 0; i < _runs.Count; i++)
        {
            if (_runs[i].LeaseId == leaseId)
            {
                _runs[i] = (leaseId, _runs[i].Held + amount, isChange || _runs[i].IsChanged);
                return;
            }
        }
        _runs.Add((leaseId, amount, isChange));
    }
}
