using System.Text;
using FsCheck;
using FsCheck.Fluent;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>What banks say of payouts, in messages as they send them.</summary>
public sealed class BankReportTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public async Task A_rejected_payout_is_payable_again_by_a_new_entry_and_paid_once()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var payout = await OrderAsync(ledger);
        var report = Rejection($"<TxInfAndSts><OrgnlEndToEndId>{payout.Id}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
            + "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account closed</AddtlInf></StsRsnInf></TxInfAndSts>");
        Assert.Equal([new(payout.Id, BankReportResult.Returned, "AC04 Account closed")], await ledger.Books.ImportBankReportAsync(report));
        Assert.Equal(Eur("-7.00"), InvoiceTests.Balances(ledger)[Account.Payable(ledger.Host.Id)]);
        Assert.Equal([new(payout.Id, BankReportResult.Unchanged, "was returned before")], await ledger.Books.ImportBankReportAsync(report));

        var again = await OrderAsync(ledger);
        Assert.NotEqual(payout.Id, again.Id);
        Assert.Equal(payout.Documents.ToArray(), again.Documents.ToArray());
        // The message about the first attempt says nothing of the second, and the first is never paid after it.
        await ledger.Books.ImportBankReportAsync(report);
        Assert.Equal(PayoutStatus.Ordered, ledger.Books.ListPayouts()[^1].Status);
        Assert.Equal(BankReportResult.Unresolved, Assert.Single(
            await ledger.Books.ImportBankReportAsync(Statement(Debit(payout.Id, "7.00")))).Result);
        Assert.Equal(BankReportResult.Paid, Assert.Single(
            await ledger.Books.ImportBankReportAsync(Statement(Debit(again.Id, "7.00")))).Result);
        Assert.Equal(Eur("-7.00"), InvoiceTests.Balances(ledger)[Account.Bank]);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task A_booked_debit_pays_and_a_booked_return_takes_it_back()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var payout = await OrderAsync(ledger);
        Assert.Empty((Statement(Debit(payout.Id, "7.00", status: "PDNG"))).Lines);
        Assert.Equal(
            [new(payout.Id, BankReportResult.Paid, "booked on 2026-12-02")], await ledger.Books.ImportBankReportAsync(Statement(Debit(payout.Id, "7.00"))));
        Assert.Equal(Eur("-7.00"), InvoiceTests.Balances(ledger)[Account.Bank]);
        var returned = Notification(Return(payout.Id, "7.00", "MD07"));
        Assert.Equal([new(payout.Id, BankReportResult.Returned, "MD07")], await ledger.Books.ImportBankReportAsync(returned));
        // The same return stands in the day's statement again.
        Assert.Equal(
            BankReportResult.Unchanged,
            Assert.Single(await ledger.Books.ImportBankReportAsync(Statement(Return(payout.Id, "7.00", "MD07")))).Result);
        Assert.Equal(Eur("0"), InvoiceTests.Balances(ledger)[Account.Bank]);
        Assert.Equal(Eur("-7.00"), InvoiceTests.Balances(ledger)[Account.Payable(ledger.Host.Id)]);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public async Task What_could_be_paid_twice_is_left_to_a_person()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var payout = await OrderAsync(ledger);
        string[] unclear =
        [
            Debit(payout.Id, "6.99"), Debit(payout.Id, "7.00").Replace("EUR", "USD", StringComparison.Ordinal),
            Debit("pyo-nobodys", "7.00"), Return(payout.Id, "6.50", "AC04"),
            Debit(payout.Id, "7.00").Replace("2026-12-02", "2062-12-02", StringComparison.Ordinal),
            // A credit that is no return, and one that only mends the bank's own booking.
            Return(payout.Id, "7.00", "x").Replace("<RtrInf><Rsn><Cd>x</Cd></Rsn></RtrInf>", "", StringComparison.Ordinal),
            Debit(payout.Id, "7.00").Replace("<Sts>", "<RvslInd>true</RvslInd><Sts>", StringComparison.Ordinal),
        ];
        foreach (var entry in unclear)
            Assert.Equal(BankReportResult.Unresolved, Assert.Single(await ledger.Books.ImportBankReportAsync(Statement(entry))).Result);
        // A file that was sent twice is rejected the second time, when the first may have been carried out.
        foreach (var code in (string[])["AM05", "DU01"])
        {
            var duplicate = Read("pain.002.001.10", $"""
                <CstmrPmtStsRpt><GrpHdr><MsgId>m</MsgId><CreDtTm>2026-12-02T10:00:00Z</CreDtTm></GrpHdr>
                <OrgnlGrpInfAndSts><OrgnlMsgId>{payout.Batch}</OrgnlMsgId><GrpSts>RJCT</GrpSts>
                <StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts></CstmrPmtStsRpt>
                """);
            Assert.Equal(BankReportResult.Unresolved, Assert.Single(await ledger.Books.ImportBankReportAsync(duplicate)).Result);
        }
        // The reason stands where the bank put it: with all of the batch, or second among others.
        foreach (var parts in (string[])[
            "<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf><TxInfAndSts><OrgnlEndToEndId>ID</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>",
            "<TxInfAndSts><OrgnlEndToEndId>ID</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>NARR</Cd></Rsn></StsRsnInf>"
                + "<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf></TxInfAndSts>"])
        {
            var rejection = Rejection(parts.Replace("ID", payout.Id, StringComparison.Ordinal));
            Assert.Equal(BankReportResult.Unresolved, Assert.Single(await ledger.Books.ImportBankReportAsync(rejection)).Result);
        }
        Assert.Equal(PayoutStatus.Ordered, Assert.Single(ledger.Books.ListPayouts()).Status);
        await ledger.Books.MarkPayoutPaidAsync(payout.Id, "b", new(2026, 12, 2));
        Assert.Equal(BankReportResult.Unresolved, Assert.Single(await ledger.Books.ImportBankReportAsync(
            Rejection($"<TxInfAndSts><OrgnlEndToEndId>{payout.Id}</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"))).Result);
        Assert.Equal(PayoutStatus.Paid, Assert.Single(ledger.Books.ListPayouts()).Status);
    }

    [Fact]
    public async Task A_batch_is_rejected_or_booked_as_one()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        await ledger.Books.SetBankDetailsAsync(ledger.Licensor.Id, "Owner", PayoutTests.British);
        var first = await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger));
        var rejected = Rejection("<PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>AG01</Cd></Rsn></StsRsnInf>", first.Id);
        Assert.Equal(2, (await ledger.Books.ImportBankReportAsync(rejected)).Count(outcome => outcome.Result == BankReportResult.Returned));

        var second = await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger));
        string Booked(string amount) =>
            $"""
            <Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><ValDt><DtTm>2026-12-02T23:59:59+01:00</DtTm></ValDt>
            <AcctSvcrRef>R1</AcctSvcrRef><NtryDtls><Btch><PmtInfId>{second.Id}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls></Ntry>
            """;
        var part = Assert.Single(await ledger.Books.ImportBankReportAsync(Statement(Booked("3.00"))));
        Assert.Equal((second.Id, BankReportResult.Unresolved), (part.PayoutId, part.Result));
        Assert.Equal(2, (await ledger.Books.ImportBankReportAsync(Statement(Booked("10.00")))).Count(outcome => outcome.Result == BankReportResult.Paid));
        Assert.Equal(Eur("-10.00"), InvoiceTests.Balances(ledger)[Account.Bank]);
        Assert.Empty(ledger.Books.Audit());
    }

    [Fact]
    public void What_others_sent_and_got_is_passed_over() =>
        Assert.Empty(Statement(Debit("NOTPROVIDED", "1") + Return("INV-77", "1", "AC04") + "<Ntry/>" + "<Ntry><Sts>BOOK</Sts></Ntry>").Lines);

    [Theory]
    [InlineData("", "no XML")]
    [InlineData("<a/>", "not 'Document'")]
    [InlineData("<Document><CstmrCdtTrfInitn/></Document>", "none of the messages")]
    [InlineData("<Document>", "no XML")]
    [InlineData("<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Document><BkToCstmrStmt>&x;</BkToCstmrStmt></Document>", "no XML")]
    [InlineData("<Document><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr></BkToCstmrStmt></Document>", "when it was made")]
    [InlineData("<Document><BkToCstmrStmt><GrpHdr><CreDtTm>yesterday</CreDtTm></GrpHdr></BkToCstmrStmt></Document>", "'yesterday' is no date")]
    [InlineData(
        "<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy=\"EUR\">x</Amt><Sts>BOOK</Sts><NtryDtls><TxDtls><Refs><EndToEndId>pyo-1</EndToEndId></Refs></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>",
        "no amount")]
    public void What_cannot_be_read_is_named(string text, string what) => Assert.Contains(
        what, Assert.Throws<BankReportException>(() => BankReportReader.Read(Encoding.UTF8.GetBytes(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_is_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("<a>", 10_000)) + string.Concat(Enumerable.Repeat("</a>", 10_000));
        Assert.Throws<BankReportException>(() => Statement(deep));
        Assert.Throws<BankReportException>(() => Statement($"<Ntry>{deep}</Ntry>"));
    }

    /// <summary>Whole messages with bytes changed, cut and doubled: read or refused by name, never anything else.</summary>
    [Fact]
    public void Any_bytes_are_read_or_refused_by_name()
    {
        byte[][] messages =
        [
            Encoding.UTF8.GetBytes(Message("camt.053.001.08", "BkToCstmrStmt", "Stmt", Debit("pyo-1", "7.00") + Return("pyo-2", "1", "AC04"))),
            Encoding.UTF8.GetBytes(RejectionText("<TxInfAndSts><OrgnlEndToEndId>pyo-1</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>", "bat-1")),
        ];
        var changes = from message in Gen.Elements(messages)
                      from places in Gen.Choose(0, message.Length - 1).ArrayOf(4)
                      from bytes in Gen.Elements((byte)'<', (byte)'>', (byte)'&', (byte)'/', (byte)'"', (byte)' ', (byte)'9', (byte)0, (byte)0xC3, (byte)0xFF).ArrayOf(4)
                      from cut in Gen.Choose(0, message.Length)
                      from isCut in Gen.Elements(true, false, false)
                      select (message, places, bytes, cut: isCut ? cut : message.Length);
        Prop.ForAll(changes.ToArbitrary(), change =>
        {
            var bytes = change.message.ToArray();
            for (var i = 0; i < change.places.Length; i++)
                bytes[change.places[i]] = change.bytes[i];
            try
            {
                var report = BankReportReader.Read(bytes.AsMemory(0, change.cut));
                return report.Lines.All(line => line.BankReference.Length > 0 && line.Reason.Length > 0 && line.Id.Length <= 140);
            }
            catch (BankReportException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static DateOnly Today(TestLedger ledger) => DateOnly.FromDateTime(ledger.Clock.Now.UtcDateTime);

    private static async Task<Payout> OrderAsync(TestLedger ledger) =>
        Assert.Single((await ledger.Books.OrderPayoutsAsync(Euro, Today(ledger))).Payouts);

    private static string Debit(string id, string amount, string status = "BOOK") =>
        $"""
        <Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>2026-12-01</Dt></BookgDt>
        <ValDt><Dt>2026-12-02</Dt></ValDt><NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
        """;

    private static string Return(string id, string amount, string code) =>
        $"""
        <Ntry><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-12-05</Dt></BookgDt>
        <NtryDtls><TxDtls><Refs><AcctSvcrRef>B7</AcctSvcrRef><EndToEndId>{id}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>
        <RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf></TxDtls><TxDtls><Refs><EndToEndId>else</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
        """;

    private static BankReport Statement(string entries) => Read("camt.053.001.08", Body("BkToCstmrStmt", "Stmt", entries));

    private static BankReport Notification(string entries) => Read("camt.054.001.04", Body("BkToCstmrDbtCdtNtfctn", "Ntfctn", entries));

    private static BankReport Rejection(string parts, string batch = "another") =>
        BankReportReader.Read(Encoding.UTF8.GetBytes(RejectionText(parts, batch)));

    private static string RejectionText(string parts, string batch) =>
        $"""
        <?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
        <GrpHdr><MsgId>BANK-1</MsgId><CreDtTm>2026-12-02T10:00:00.123+01:00</CreDtTm></GrpHdr>
        <OrgnlGrpInfAndSts><OrgnlMsgId>x</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
        <OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch}</OrgnlPmtInfId>{parts}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>
        """;

    private static BankReport Read(string name, string body) => BankReportReader.Read(Encoding.UTF8.GetBytes(
        $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- a bank's --><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{name}\">{body}</Document>"));

    private static string Message(string name, string message, string part, string entries) =>
        $"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:{name}\">{Body(message, part, entries)}</Document>";

    private static string Body(string message, string part, string entries) =>
        $"<{message}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-12-06T01:00:00</CreDtTm></GrpHdr><{part}><Id>1</Id><Acct><Id><IBAN>x</IBAN></Id></Acct>"
        + $"{entries}</{part}></{message}>";
}
