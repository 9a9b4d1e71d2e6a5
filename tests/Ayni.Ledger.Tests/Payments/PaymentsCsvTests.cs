using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

public sealed class PaymentsCsvTests
{
    [Fact]
    public void Columns_may_stand_in_any_order_and_cells_be_quoted()
    {
        var rows = PaymentsCsv.Read(new StringReader(
            "\uFEFFcustomer,amount,note,currency,date,bank_reference,invoice\r\n"
            + "cus_1,12.34,\"a \"\"b\"\",\r\nc\",EUR,2026-12-01,ref-1,\r\n\r\n,1,,JPY,2026-12-02,\"ref,2\",AYNI-2026-000001"));
        Assert.Equal(
            [
                new(2, "ref-1", new(2026, 12, 1), Eur("12.34"), "cus_1", null),
                new(5, "ref,2", new(2026, 12, 2), Amount.Parse("1", Currency.Parse("JPY")), null, "AYNI-2026-000001"),
            ],
            rows);
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("bank_reference,date,amount\nr,2026-12-01,1", 1, "no column 'currency'")]
    [InlineData("bank_reference,date,amount,currency,date\n", 1, "'date' stands twice")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,2026-12-01,1,EUR", 2, "4 cells")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,2026-12-01,1,eur,c", 2, "no currency")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,2026-12-01,\"1,00\",EUR,c", 2, "no amount")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,01.12.2026,1,EUR,c", 2, "no day")]
    [InlineData("bank_reference,date,amount,currency,customer\n,2026-12-01,1,EUR,c", 2, "bank reference is missing")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,2026-12-01,1,EUR,", 2, "neither")]
    [InlineData("bank_reference,date,amount,currency,customer\nr,2026-12-01,1,EUR,c\nr,2026-12-01,1,EUR,c", 3, "'r' stands twice")]
    [InlineData("bank_reference,date,amount,currency,customer\n\"r,2026-12-01,1,EUR,c", 2, "never ends")]
    [InlineData("bank_reference,date,amount,currency,customer\nr\"x,2026-12-01,1,EUR,c", 2, "quote")]
    [InlineData("bank_reference,date,amount,currency,customer\n\"r\"x,2026-12-01,1,EUR,c", 2, "quote")]
    public void What_cannot_be_read_is_named_with_its_line(string text, long line, string what)
    {
        var error = Assert.Throws<CsvFormatException>(() => PaymentsCsv.Read(new StringReader(text)));
        Assert.Equal(line, error.Line);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_row_ends_early() => Assert.Throws<CsvFormatException>(
        () => PaymentsCsv.Read(new StringReader("bank_reference,date,amount,currency,customer\n" + new string('x', 1 << 20))));

    [Fact]
    public void Any_text_is_read_or_refused_by_name() => Prop.ForAll(
        Gen.Elements("bank_reference,date,amount,currency,customer\n", "r", ",", "\"", "\n", "\r\n", "2026-12-01", "1.00", "EUR", "cus_1", "é", "\0")
            .ListOf().Select(parts => string.Concat(parts)).ToArbitrary(),
        text =>
        {
            try
            {
                return PaymentsCsv.Read(new StringReader(text)).All(row => row.BankReference.Length > 0);
            }
            catch (CsvFormatException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
