namespace Ayni.Ledger;

public sealed partial class Books
{
    // Deductions.

    /// <summary>
    /// Records what lessens the shares of a month, with its evidence, in the first month from the service period on that is open. The same
    /// one recorded again changes nothing.
    /// </summary>
    /// <param name="type">What it is.</param>
    /// <param name="evidenceId">What proves it.</param>
    /// <param name="servicePeriod">The month it is about.</param>
    /// <param name="amount">How much; negative takes an earlier one back.</param>
    /// <param name="model">The model whose revenue it lessens; every model's in proportion if not given.</param>
    /// <param name="appId">The app whose revenue it lessens; every app's and none's in proportion if not given.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<Deduction> RecordDeductionAsync(
        DeductionType type, string evidenceId, Period servicePeriod, Amount amount, string? model = null, string? appId = null,
        CancellationToken cancellationToken = default)
    {
        var deduction = new Deduction(type, evidenceId, servicePeriod, servicePeriod, model, appId, amount);
        return _writer.RunAsync(transaction => DeductionList.Record(transaction, deduction), cancellationToken);
    }

    /// <summary>The deductions that count in a period, in order of type, evidence, model and app.</summary>
    public IReadOnlyList<Deduction> ListDeductions(Period period) => _readers.Read(session => DeductionRows.Of(session, period));
}
