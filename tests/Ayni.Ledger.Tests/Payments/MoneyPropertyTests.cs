using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>Whatever is done with money in whatever order, nothing is lost, and what is shown agrees with the journal.</summary>
public sealed class MoneyPropertyTests
{
    private static readonly Currency[] Currencies = [.. new[] { "EUR", "JPY", "KWD", "CLF" }.Select(code => Currency.Parse(code))];

    private static Gen<Amount> Amounts(Currency currency) =>
        from digits in Gen.Choose(1, int.MaxValue)
        from scale in Gen.Elements(1L, 1_000L, 1_000_000L, 1_000_000_000_000L)
        select new Amount((Int128)digits * scale, currency);

    private static Gen<InvoiceLine[]> Lines(Currency currency) =>
        from amounts in Amounts(currency).ArrayOf(4)
        select amounts.Select((amount, i) => new InvoiceLine("usage", null, $"m{i}", null, TestLedger.Period, 1, default, amount)).ToArray();

    [Fact]
    public void Lines_taxes_and_rounding_are_the_total_in_whole_coins() => Prop.ForAll(
        (from currency in Gen.Elements(Currencies)
         from lines in Lines(currency)
         from rates in Gen.Choose(0, 1_000_000).ArrayOf(3)
         select (lines, rates)).ToArbitrary(),
        input =>
        {
            var currency = input.lines[0].Amount.Currency;
            var sums = InvoiceSums.Of(input.lines, [.. input.rates.Select((rate, i) => new Tax($"T{i}", rate, i == 2))], currency);
            var net = input.lines.Aggregate(Amount.Zero(currency), (sum, line) => sum + line.Amount);
            var exact = net + sums.Taxes[0].Amount + sums.Taxes[1].Amount;
            var coin = (Int128)Math.Pow(10, Amount.Decimals - currency.MinorDigits);
            return exact + sums.Rounding == sums.Total && sums.Total.IsWholeMinorUnits && sums.Taxes[2].Amount.IsWholeMinorUnits
                && Int128.Abs(sums.Rounding.Units) * 2 <= coin
                && sums.Taxes.Take(2).All(tax => Int128.Abs(net.Units / 1_000_000 * tax.Tax.PartsPerMillion - tax.Amount.Units) <= 1_000_001);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_part_of_a_million_is_the_nearest_unit() => Prop.ForAll(
        (from units in Gen.Choose(int.MinValue, int.MaxValue) from parts in Gen.Choose(0, 1_000_000) select (units, parts)).ToArbitrary(),
        input =>
        {
            var exact = (decimal)input.units * input.parts / 1_000_000m;
            var amount = new Amount(input.units, Currencies[0]).PartsPerMillion(input.parts);
            return amount.Units == (Int128)Math.Round(exact, MidpointRounding.AwayFromZero);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Parts_in_proportion_add_up_whatever_their_size() => Prop.ForAll(
        (from amount in Amounts(Currencies[0])
         from others in Amounts(Currencies[0]).ArrayOf(5)
         from huge in Gen.Elements(0, 1)
         select (amount, others, huge)).ToArbitrary(),
        input =>
        {
            var others = input.huge == 1 ? [.. input.others, new((Int128)1e30, Currencies[0])] : input.others;
            var parts = input.amount.SplitInProportion(others);
            return parts.Aggregate(Amount.Zero(Currencies[0]), (sum, part) => sum + part) == input.amount && parts.All(part => part.Sign >= 0);
        }).QuickCheckThrowOnFailure();

    private enum Act { Use, Month, Pay, Refund, Reverse, Credit, CreditAll, WriteOff, Reclaim }

    [Fact]
    public void Any_sequence_of_operations_leaves_books_that_agree() => Prop.ForAll(
        (from acts in Gen.Elements(
            Act.Use, Act.Use, Act.Use, Act.Month, Act.Month, Act.Pay, Act.Pay, Act.Refund, Act.Reverse, Act.Credit, Act.CreditAll, Act.WriteOff,
            Act.Reclaim).ArrayOf(60)
         from numbers in Gen.Choose(1, 30_000_000).ArrayOf(60)
         from tax in Gen.Elements(0, 77_700, 210_000)
         select (acts, numbers, tax)).ToArbitrary(),
        input => RunAsync(input.acts, input.numbers, input.tax).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(12));

    private static async Task<bool> RunAsync(Act[] acts, int[] numbers, int tax)
    {
        await using var ledger = await TestLedger.ReadyAsync();
        var key = await ledger.KeyAsync();
        var customer = key.CustomerId;
        await InvoiceTests.BillAsync(ledger, customer, new Tax("VAT", tax));
        var charged = TestLedger.Eur("0");
        var due = TestLedger.Eur("0");
        for (var i = 0; i < acts.Length; i++)
        {
            try
            {
                var number = numbers[i];
                var coins = new Amount((Int128)(number % 5_000) * 10_000_000_000, Currencies[0]);
                var day = DateOnly.FromDateTime(ledger.Clock.Now.UtcDateTime);
                var documents = ledger.Books.ListInvoices(InvoiceKind.Invoice);
                var invoice = documents.Count == 0 ? "none" : documents[number % documents.Count].Number;
                var payments = ledger.Books.ListPayments();
                switch (acts[i])
                {
                    case Act.Use:
                        charged += (await ledger.UseAsync(key, number, i, number / 2)).Charge;
                        break;
                    case Act.Month:
                        var period = Period.Of(ledger.Clock.Now);
                        ledger.Clock.Now = period.End;
                        await ledger.Books.ClosePeriodAsync(period);
                        foreach (var issued in await ledger.Books.IssueInvoicesAsync(period))
                            due += issued.Kind == InvoiceKind.Invoice ? issued.Total - issued.Net : TestLedger.Eur("0");
                        break;
                    case Act.Pay:
                        await ledger.Books.RecordPaymentAsync(customer, coins, $"p{i}", day);
                        break;
                    case Act.Refund:
                        await ledger.Books.RecordRefundAsync(customer, coins, $"r{i}", day);
                        break;
                    case Act.Reverse:
                        await ledger.Books.ReversePaymentAsync(
                            payments.Count == 0 ? "none" : payments[number % payments.Count].Id, $"b{i}", day);
                        break;
                    case Act.Credit:
                        await ledger.Books.CreditInvoiceAsync(invoice, [(0, coins)], "part");
                        break;
                    case Act.CreditAll:
                        await ledger.Books.CreditInvoiceAsync(invoice, "all");
                        break;
                    case Act.WriteOff:
                        await ledger.Books.WriteOffAsync(invoice, "lost");
                        break;
                    case Act.Reclaim:
                        var given = ledger.Sql("SELECT id FROM write_offs ORDER BY entry LIMIT 1") as string;
                        await ledger.Books.ReverseWriteOffAsync(given ?? "none", "found");
                        break;
                }
            }
            catch (LedgerRefusedException)
            {
                // A refusal is an answer, too, and must have changed nothing.
            }
        }
        var account = ledger.Books.AccountOf(customer);
        var invoices = ledger.Books.ListInvoices(InvoiceKind.Invoice);
        var unbilled = charged - invoices.Aggregate(TestLedger.Eur("0"), (sum, invoice) => sum + invoice.Net);
        return ledger.Books.Audit().Count == 0
            && ledger.Books.Balances().GroupBy(balance => balance.Currency)
                .All(group => group.Aggregate(Amount.Zero(group.Key), (sum, balance) => sum + balance.Net).Sign == 0)
            && account.Invoices.All(state => state.Total == state.Credited + state.WrittenOff + state.Paid + state.Open
                && state.Open.Sign >= 0 && state.Credited + state.WrittenOff <= state.Total)
            // Nobody is given back what it never paid.
            && account.Credit <= ledger.Books.ListPayments(customer).Aggregate(TestLedger.Eur("0"), (sum, payment) => sum + payment.Paid)
            && ledger.Books.UnpaidCharges(customer) == account.Open - account.Credit + unbilled
            && ledger.Books.Balances().SequenceEqual(ledger.Books.Balances(ledger.Clock.Now));
    }
}
