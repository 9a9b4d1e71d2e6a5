using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>For any credits and charges: each is used by what it may pay, in its turn, and never for more than it holds.</summary>
public sealed class CreditAccountsTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly DateTimeOffset Start = TestLedger.Period.Start;

    private static Gen<Credit[]> Credits =>
        (from amount in Gen.Choose(1, 30)
         from priority in Gen.Choose(0, 2)
         from bought in Gen.Choose(0, 20)
         from valid in Gen.Choose(1, 15)
         from ends in Gen.Elements(true, true, false)
         select (amount, priority, bought, valid, ends)).ListOf().Select(list => list.Select((it, i) => new Credit(
            $"crd_{i:D3}", "cus_1", new(it.amount, Euro), it.priority, "llama", At(it.bought), it.ends ? At(it.bought + it.valid) : null,
            new(it.amount, Euro))).ToArray());

    [Fact]
    public void Charges_take_valid_credits_in_their_order_to_the_last_unit() => Prop.ForAll(
        (from credits in Credits
         from charges in (from day in Gen.Choose(0, 29) from units in Gen.Choose(0, 12) select (day, units)).ListOf()
         select (credits, charges: charges.OrderBy(charge => charge.day).ToArray())).ToArbitrary(),
        input =>
        {
            var accounts = new CreditAccounts(TestLedger.Period, TestLedger.Period.End, input.credits);
            var left = input.credits.ToDictionary(credit => credit.Id, credit => credit.Amount.Units);
            foreach (var (day, units) in input.charges)
            {
                accounts.Pay(MonthAccountTests.Receipt(default, null, new(units, Euro)) with { AdmittedAt = At(day) });
                // Unit by unit, each from the first credit in order that is valid at that instant and holds one.
                for (var unit = 0; unit < units; unit++)
                {
                    var first = input.credits.Where(credit => credit.Purchased <= At(day) && !(credit.Expires <= At(day)) && left[credit.Id] > 0)
                        .OrderBy(credit => credit.Priority).ThenBy(credit => credit.Expires is null).ThenBy(credit => credit.Expires)
                        .ThenBy(credit => credit.Purchased).ThenBy(credit => credit.Id, StringComparer.Ordinal).FirstOrDefault();
                    if (first is not null)
                        left[first.Id]--;
                }
            }
            var used = accounts.Uses.ToDictionary(use => use.CreditId, use => use.Amount.Units);
            var expired = accounts.Expire(_ => new FlatRevenue(Euro, new()), model => new(model, null, null, 1)).ToDictionary(it => it.Subject);
            return input.credits.All(credit =>
            {
                var expires = credit.Expires <= TestLedger.Period.End && left[credit.Id] > 0;
                return used.GetValueOrDefault(credit.Id) == credit.Amount.Units - left[credit.Id]
                    && expired.ContainsKey(credit.Id) == expires && (!expires || expired[credit.Id].Amount.Units == left[credit.Id]);
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static DateTimeOffset At(int day) => Start.AddDays(day);
}
