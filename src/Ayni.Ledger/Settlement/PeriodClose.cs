using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>
/// Closes a period in three steps, each of which may be the last before a crash: a transaction stops its charges (closing), the shares are
/// computed beside the running writer, a transaction posts them (closed). Closing again goes on where it ended, or changes nothing.
/// </summary>
internal static class PeriodClose
{
    /// <summary>
    /// The first step. Refuses a period that has not ended or has requests under way, or one after an open period with entries.
    /// </summary>
    public static PeriodStatus Begin(Transaction transaction, Period period)
    {
        var status = transaction.LastPeriod.StatusOf(period);
        if (status != PeriodStatus.Open)
            return status;
        var end = transaction.Zone.StartOf(period.Next);
        if (transaction.Now < end)
            throw new LedgerRefusedException(
                Refusal.PeriodNotEnded,
                string.Create(CultureInfo.InvariantCulture, $"{period} has not ended; it can be closed from {end:yyyy-MM-dd HH:mm} UTC on."));
        if (BudgetRows.HostWithRequestsBefore(transaction.Session, end, transaction.Now) is { } host)
            throw new LedgerRefusedException(
                Refusal.RequestsUnderWay,
                $"{host} still answers requests of {period}, or has not told yet that it doesn't; close it again in a minute.");
        if (transaction.LastPeriod is { Status: PeriodStatus.Closing } closing)
            throw new LedgerRefusedException(
                Refusal.EarlierPeriodOpen, $"{closing.Period} is not closed completely; close it again first.");
        if (SettlementInput.FirstPromisedBefore(transaction.Session, period) is { } promised)
            throw new LedgerRefusedException(
                Refusal.EarlierPeriodOpen, $"{promised} is not closed, and an agreement in force in it promises money each month; close it first.");
        if (PeriodRows.FirstOpenBefore(transaction.Session, period) is { } earlier)
            throw new LedgerRefusedException(Refusal.EarlierPeriodOpen, $"{earlier} has entries and is not closed; close it first.");
        transaction.Mark(period, PeriodStatus.Closing);
        return PeriodStatus.Closing;
    }

    /// <summary>
    /// The last step: for each model an entry that shares its revenue out, for each party one that makes its whole coins payable.
    /// </summary>
    public static PeriodStatus Finish(Transaction transaction, Settlement settlement)
    {
        var period = settlement.Period;
        if (transaction.LastPeriod.StatusOf(period) == PeriodStatus.Closed)
            return PeriodStatus.Closed;
        Demand(transaction, settlement);
        foreach (var (kind, reference, postings) in Entries(settlement))
            transaction.Post(period, period, kind, reference, postings);
        foreach (var result in settlement.Results)
        {
            foreach (var share in result.Shares)
            {
                foreach (var (month, carry) in share.Carry)
                    AgreementRows.Insert(transaction.Session, period, result.Agreement, share.Key, month, carry);
            }
        }
        foreach (var (account, currency) in RevenueAccounts(settlement))
        {
            if (transaction.NetOf(account, currency).Sign != 0)
                throw new SettlementDefectException(period, $"{account} keeps {transaction.NetOf(account, currency)}");
        }
        transaction.Mark(period, PeriodStatus.Closed);
        transaction.Note(
            "close_period", period.ToString(), null, settlement.ToView() with { Status = PeriodStatus.Closed }, LedgerJson.Default.PeriodSettlement);
        return PeriodStatus.Closed;
    }

    /// <summary>What is posted for a settlement, in this order.</summary>
    public static IEnumerable<(EntryKind Kind, string Reference, ImmutableArray<Posting> Postings)> Entries(Settlement settlement)
    {
        foreach (var model in settlement.Shares.GroupBy(pair => pair.Line.Line.Group.Model, StringComparer.Ordinal))
            yield return (EntryKind.Distribution, model.Key, [.. Distribution(settlement.Period, model)]);
        foreach (var version in settlement.Results.GroupBy(result => result.Agreement))
        {
            var postings = version.SelectMany(result => Distribution(settlement, result)).ToImmutableArray();
            if (!postings.IsEmpty)
                yield return (EntryKind.Distribution, $"agreement:{version.First().Name}:{version.Key}", postings);
        }
        var payables = settlement.Totals.Where(total => total.Payable.Sign > 0);
        foreach (var party in payables.GroupBy(total => total.PartyId, StringComparer.Ordinal))
            yield return (EntryKind.Payable, party.Key, [.. party.SelectMany(MadePayable)]);
    }

    /// <summary>What must hold before anything is posted, however the numbers came about.</summary>
    private static void Demand(Transaction transaction, Settlement settlement)
    {
        var currencies = settlement.Lines.Select(line => line.Currency).Concat(settlement.Totals.Select(total => total.Currency));
        foreach (var currency in currencies.Distinct())
        {
            var gross = Sum(settlement.Lines.Select(line => line.Distributable), currency);
            var shared = Sum(settlement.Totals.Select(total => total.Payable), currency)
                + Sum(settlement.Totals.Select(total => total.CarryOut), currency)
                - Sum(settlement.Totals.Select(total => total.CarryIn), currency);
            if (shared != gross)
                throw new SettlementDefectException(settlement.Period, $"{gross} were there to share and {shared} were shared out");
        }
        foreach (var (account, currency) in RevenueAccounts(settlement))
        {
            var lines = settlement.Lines.Where(line => Account.Revenue(settlement.Period, line.Line.Group.Model) == account);
            var gross = Sum(lines.Select(line => line.Distributable), currency);
            var posted = -transaction.NetOf(account, currency);
            if (posted != gross)
                throw new SettlementDefectException(settlement.Period, $"{account} holds {posted} and its receipts come to {gross}");
        }
    }

    private static IEnumerable<Posting> Distribution(Period period, IEnumerable<(NetLine Line, PartyShare Share)> model)
    {
        foreach (var currency in model.GroupBy(pair => pair.Line.Currency))
        {
            var revenue = Account.Revenue(period, currency.First().Line.Line.Group.Model);
            yield return new(revenue, Sum(currency.Select(pair => pair.Share.Amount), currency.Key));
            var parties = currency.GroupBy(pair => pair.Share.PartyId, StringComparer.Ordinal);
            foreach (var party in parties.OrderBy(party => party.Key, StringComparer.Ordinal))
                yield return new(Account.Carry(party.Key), -Sum(party.Select(pair => pair.Share.Amount), currency.Key));
        }
    }

    private static IEnumerable<Posting> Distribution(Settlement settlement, AgreementResult result)
    {
        var currency = result.Distributable.Currency;
        var lines = settlement.Lines.Where(line => line.Line.Group.AgreementVersion == result.Agreement && line.Currency == currency);
        foreach (var model in lines.GroupBy(line => line.Line.Group.Model, StringComparer.Ordinal))
        {
            if (Sum(model.Select(line => line.Distributable), currency) is { Sign: not 0 } amount)
                yield return new(Account.Revenue(settlement.Period, model.Key), amount);
        }
        var parties = Settlement.PartShares(result).GroupBy(share => share.PartyId, StringComparer.Ordinal);
        foreach (var party in parties.OrderBy(party => party.Key, StringComparer.Ordinal))
        {
            if (Sum(party.Select(share => share.Amount), currency) is { Sign: not 0 } amount)
                yield return new(Account.Carry(party.Key), -amount);
        }
    }

    private static IEnumerable<Posting> MadePayable(PartyTotal total) =>
        [new(Account.Carry(total.PartyId), total.Payable), new(Account.Payable(total.PartyId), -total.Payable)];

    private static IEnumerable<(Account Account, Currency Currency)> RevenueAccounts(Settlement settlement) =>
        settlement.Lines.Select(line => (Account.Revenue(settlement.Period, line.Line.Group.Model), line.Currency)).Distinct();

    /// <summary>The sum of the amounts in one currency, the others left out.</summary>
    private static Amount Sum(IEnumerable<Amount> amounts, Currency currency) =>
        amounts.Where(amount => amount.Currency == currency).Aggregate(Amount.Zero(currency), (sum, amount) => sum + amount);
}

/// <summary>A settlement that does not add up: a defect of the program or a damaged file, never an input. Nothing was posted.</summary>
public sealed class SettlementDefectException(Period period, string finding)
    : LedgerException($"{period} does not add up: {finding}. Nothing was posted; audit the ledger and report it.");
