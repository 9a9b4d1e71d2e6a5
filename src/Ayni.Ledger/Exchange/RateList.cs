using System.Numerics;

namespace Ayni.Ledger;

/// <summary>Sets rates and records exchanges. Each method is one job of the writer: it refuses, or it writes.</summary>
internal static class RateList
{
    /// <summary>The highest rate that is believed, so that no amount that may be entered overflows when it is converted.</summary>
    private const long Highest = 1_000_000_000;

    /// <summary>
    /// Stores a rate as the next version; without an instant it takes effect now. It may be dated back, but not into a month whose close
    /// has begun: what was converted never changes.
    /// </summary>
    public static ExchangeRate Set(Transaction transaction, Currency from, Amount perUnit, string source, DateTimeOffset? effectiveFrom)
    {
        Text.Demand(source, "rate's source");
        if (perUnit.Currency == from || perUnit.Sign <= 0 || perUnit > Amount.Whole(Highest, perUnit.Currency))
            throw new LedgerRefusedException(
                Refusal.InvalidRate,
                $"{perUnit} for one {from} is no rate; it says how much of another currency, more than 0 and at most {Highest}, one {from} is.");
        var instant = (effectiveFrom?.ToWholeMicroseconds() ?? transaction.Now).ToUniversalTime();
        if (transaction.LastPeriod is { } last && transaction.Zone.PeriodOf(instant) <= last.Period)
            throw new LedgerRefusedException(
                Refusal.EffectiveInThePast, $"{last.Period} is closed; a rate takes effect in a month after it.");
        var rate = new ExchangeRate(0, from, perUnit, source, instant);
        rate = rate with { Version = RateRows.Insert(transaction.Session, rate, transaction.Now) };
        transaction.Note("set_rate", $"{rate.From}/{rate.To}", null, rate, LedgerJson.Default.ExchangeRate);
        return rate;
    }

    /// <summary>
    /// Records that money received in the customers' currency was exchanged. The difference to what it had been converted at, on average
    /// over all that is held, is gain or loss. The same one recorded again changes nothing.
    /// </summary>
    public static BankExchange Exchange(Transaction transaction, string evidenceId, Amount sold, Amount bought)
    {
        Text.Demand(evidenceId, "exchange's evidence");
        if (RateRows.FindExchange(transaction.Session, evidenceId) is { } first)
            return first.Sold == sold && first.Bought == bought
                ? first
                : throw new LedgerRefusedException(
                    Refusal.EvidenceReused, $"The exchange '{evidenceId}' was recorded with {first.Sold} for {first.Bought} before.");
        var position = Account.Position(bought.Currency, sold.Currency);
        var held = -transaction.NetOf(position, sold.Currency);
        var worth = transaction.NetOf(position, bought.Currency);
        if (sold.Currency == bought.Currency || sold.Sign <= 0 || bought.Sign <= 0 || sold > held)
            throw new LedgerRefusedException(
                Refusal.InvalidRate,
                $"{sold} can't be exchanged for {bought}: {held} are held that were converted from {bought.Currency}.");
        var carried = new Amount(
            ExchangeRate.Divide((BigInteger)worth.Units * sold.Units, held.Units), bought.Currency);
        var gain = bought - carried;
        var period = transaction.FirstOpen(transaction.Zone.PeriodOf(transaction.Now));
        var entry = transaction.Post(
            period, period, EntryKind.Exchange, evidenceId,
            [
                new(position, sold), new(Account.Bank, -sold),
                new(Account.Bank, bought), new(position, -carried), new(Account.ExchangeGain(bought.Currency, sold.Currency), -gain),
            ]);
        var exchange = new BankExchange(evidenceId, period, sold, bought, gain);
        RateRows.InsertExchange(transaction.Session, exchange, entry);
        transaction.Note("record_exchange", evidenceId, null, exchange, LedgerJson.Default.BankExchange);
        return exchange;
    }
}
