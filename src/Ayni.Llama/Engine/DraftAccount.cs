namespace Ayni.Llama;

/// <summary>
/// Whether drafts that cost nothing to make are worth checking: what they saved by what checking them took longer than a step without, as
/// measured, both in such steps. While the account is overdrawn, drafts are still made and held against what comes, which is free, and so
/// earn their way back.
/// </summary>
internal sealed class DraftAccount
{
    // What drafts may lose when a text stops repeating itself, and must earn in addition when one begins to.
    private const double MostSaved = 8;
    private const double MostOwed = 4;

    // Until measured: checking a draft takes one step longer.
    private const double UnknownCost = 1;
    private const double MostCost = 4;

    // How much of a mean the latest measurement is.
    private const double Weight = 0.125;

    private double _balance;
    private double _plainSeconds;
    private double _cost = UnknownCost;

    /// <summary>Whether the next draft is to be checked.</summary>
    public bool Pays => _balance >= 0;

    /// <summary>Learns how long a step without a draft took.</summary>
    public void NotePlain(TimeSpan elapsed) =>
        _plainSeconds += (elapsed.TotalSeconds - _plainSeconds) * (_plainSeconds == 0 ? 1 : Weight);

    /// <summary>Learns how a draft fared that was checked.</summary>
    /// <param name="accepted">Its tokens that held.</param>
    /// <param name="elapsed">The time of the step.</param>
    public void NoteChecked(int accepted, TimeSpan elapsed)
    {
        var cost = _plainSeconds > 0 ? Math.Clamp(elapsed.TotalSeconds / _plainSeconds - 1, 0, MostCost) : UnknownCost;
        _cost += (cost - _cost) * Weight;
        Add(accepted - cost);
    }

    /// <summary>Learns how a draft would have fared that was not.</summary>
    /// <param name="accepted">Its tokens that held.</param>
    public void NoteUnchecked(int accepted) => Add(accepted - _cost);

    private void Add(double saved) => _balance = Math.Clamp(_balance + saved, -MostOwed, MostSaved);
}
