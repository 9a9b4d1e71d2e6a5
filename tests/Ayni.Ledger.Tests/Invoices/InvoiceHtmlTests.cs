using System.Xml.Linq;
using static Ayni.Ledger.Tests.TestLedger;

namespace Ayni.Ledger.Tests;

/// <summary>Invoices as they are printed, and as programs of finance take them.</summary>
public sealed class InvoiceHtmlTests
{
    private static readonly XNamespace Html = "http://www.w3.org/1999/xhtml";

    public static TheoryData<string> Languages => [.. StatementLanguage.All.Select(language => language.Code)];

    /// <summary>What finance looks for on an invoice (Directive 2006/112/EC, article 226).</summary>
    internal static string[] Needed { get; } =
    [
        "AYNI-2026-000007", "2026-12-01", "2026-12-31", "2026-11-01", "2026-11-30", "30", "Ayni GmbH", "Weg 1, 10115 Berlin", "DE123456789",
        "Rumi SL", "Calle 1, Madrid", "ESB1", "llama", "app_1", "2026-10", "1234577", "10.05", "VAT", "21%", "2.1105", "-0.0005", "12.16", "EUR",
        "DE89 3704 0044 0532 0130 00",
    ];

    [Theory]
    [MemberData(nameof(Languages))]
    public void It_has_every_field_that_finance_needs_in_the_readers_direction(string code)
    {
        var language = StatementLanguage.Find(code)!;
        var page = Page([Sample(InvoiceKind.Invoice)], code);
        Assert.Equal((code, language.IsRightToLeft ? "rtl" : "ltr"), (page.Attribute("lang")!.Value, page.Attribute("dir")!.Value));
        var text = page.Element(Html + "body")!.Value;
        Assert.All(Needed, field => Assert.Contains(field, text, StringComparison.Ordinal));
        var words = InvoiceWords.In(language);
        Assert.StartsWith(words.Invoice, page.Descendants(Html + "h1").Single().Value, StringComparison.Ordinal);
        Assert.Contains(words.NameOf("usage"), text, StringComparison.Ordinal);
        Assert.True(
            text.IndexOf(words.Seller, StringComparison.Ordinal) < text.IndexOf("Ayni GmbH", StringComparison.Ordinal)
            && text.IndexOf("Ayni GmbH", StringComparison.Ordinal) < text.IndexOf(words.Buyer, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_document_in_a_partys_name_has_the_party_as_its_seller_and_says_who_wrote_it(string code)
    {
        var words = InvoiceWords.In(StatementLanguage.Find(code)!);
        var body = Page([Sample(InvoiceKind.SelfBill)], code).Element(Html + "body")!;
        Assert.Contains(words.SelfBillNote, body.Value, StringComparison.Ordinal);
        Assert.True(
            body.Value.IndexOf("Rumi SL", StringComparison.Ordinal) < body.Value.IndexOf("Ayni GmbH", StringComparison.Ordinal));
        var payable = body.Descendants(Html + "tfoot").Single().Value;
        Assert.Contains("10.65", payable, StringComparison.Ordinal);
        Assert.Contains($"WHT ({words.Withheld}, {words.Certificate} 6166-77)", body.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("DE89", body.Value, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_credit_note_names_its_invoice_and_its_reason(string code)
    {
        var words = InvoiceWords.In(StatementLanguage.Find(code)!);
        var body = Page([Sample(InvoiceKind.CreditNote)], code).Element(Html + "body")!.Value;
        Assert.StartsWith(words.CreditNote, body.TrimStart(), StringComparison.Ordinal);
        Assert.All((string[])["AYNI-2026-000001", "=slow <answers>", "2026-12-01"], field => Assert.Contains(field, body, StringComparison.Ordinal));
        Assert.DoesNotContain(words.Due, body, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_text_and_each_document_has_sheets_of_its_own()
    {
        var page = Page([.. Enum.GetValues<InvoiceKind>().Select(kind => Sample(kind))], "ar");
        Assert.Equal(3, page.Descendants(Html + "article").Count());
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "answers" or "script");
    }

    [Fact]
    public void Every_word_is_there_in_every_language_and_differs_from_english()
    {
        var texts = typeof(InvoiceWords).GetProperties().Where(property => property.PropertyType == typeof(string)).ToList();
        Assert.True(texts.Count > 20);
        var english = InvoiceWords.In(StatementLanguage.English);
        foreach (var words in StatementLanguage.All.Select(InvoiceWords.In))
        {
            Assert.Contains("{0}", words.Days, StringComparison.Ordinal);
            Assert.Equal(InvoiceWords.LineKinds.Count + 1, words.Kinds.Distinct().Count());
            if (words != english)
            {
                Assert.All(texts, text => Assert.NotEqual(text.GetValue(english), text.GetValue(words)));
                Assert.Empty(words.Kinds.Intersect(english.Kinds));
            }
        }
        Assert.All(Enum.GetValues<AdjustmentType>(), type => Assert.Contains(type.Name(), InvoiceWords.LineKinds));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void They_are_the_same_in_every_culture(string culture)
    {
        PrintableInvoice[] all = [.. Enum.GetValues<InvoiceKind>().Select(kind => Sample(kind))];
        var (html, csv) = (InvoiceHtml.ToHtml(all, StatementLanguage.Persian), InvoiceCsv.ToCsv(all.Select(one => one.Invoice)));
        Cultures.Run(culture, () =>
        {
            Assert.Equal(html, InvoiceHtml.ToHtml(all, StatementLanguage.Persian));
            Assert.Equal(csv, InvoiceCsv.ToCsv(all.Select(one => one.Invoice)));
        });
    }

    [Fact]
    public void Programs_get_every_line_tax_and_total_and_no_formula()
    {
        var csv = InvoiceCsv.ToCsv([Sample(InvoiceKind.Invoice).Invoice, Sample(InvoiceKind.SelfBill).Invoice, Sample(InvoiceKind.CreditNote).Invoice]);
        var reader = new CsvReader(new StringReader(csv));
        var header = reader.Read()!;
        var rows = new List<Dictionary<string, string>>();
        while (reader.Read() is { } cells)
        {
            Assert.Equal(header.Count, cells.Count);
            rows.Add(header.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second));
        }
        Assert.Equal(
            ["line", "tax", "total", "line", "tax", "tax", "total", "line", "tax", "total"], rows.Select(row => row["row"]));
        Assert.All(rows, row => Assert.DoesNotContain(row.Values, cell => cell.Length > 0 && cell[0] is '=' or '+' or '@'));
        Assert.Equal(("Ayni GmbH", "Rumi SL"), (rows[0]["seller_name"], rows[0]["buyer_name"]));
        Assert.Equal(("Rumi SL", "Ayni GmbH"), (rows[3]["seller_name"], rows[3]["buyer_name"]));
        Assert.Equal(("yes", "6166-77", "150000"), (rows[5]["withheld"], rows[5]["certificate"], rows[5]["parts_per_million"]));
        Assert.Equal(("12.16", "10.65"), (rows[6]["total"], rows[6]["payable"]));
        Assert.Equal(("AYNI-2026-000001", "'=slow <answers>"), (rows[7]["credits"], rows[7]["reason"]));
        Assert.Equal(("10.05", "-0.0005", "12.16", "12.16"), (rows[2]["amount"], rows[2]["rounding"], rows[2]["total"], rows[2]["payable"]));
    }

    [Fact]
    public async Task An_invoice_says_where_to_pay_as_it_was_known_when_it_was_issued()
    {
        await using var ledger = await PayoutTests.BilledAsync();
        var invoice = Assert.Single(ledger.Books.ListInvoices(InvoiceKind.Invoice));
        Assert.Equal(PayoutTests.German, ledger.Books.ToPrintable(invoice).PayTo!.Iban);
        Assert.All(ledger.Books.ListInvoices(InvoiceKind.SelfBill), bill => Assert.Null(ledger.Books.ToPrintable(bill).PayTo));
        ledger.Clock.Now = ledger.Clock.Now.AddDays(1);
        var maker = ledger.Books.As(await PayoutTests.OperatorAsync(ledger));
        var waiting = await Assert.ThrowsAsync<ApprovalNeededException>(() => maker.SetBankDetailsAsync("AYNI", "Ayni GmbH", PayoutTests.Spanish));
        await ledger.Books.DecideProposalAsync(waiting.Proposal.Id, approve: true);
        await maker.SetBankDetailsAsync("AYNI", "Ayni GmbH", PayoutTests.Spanish);
        Assert.Equal(PayoutTests.German, ledger.Books.ToPrintable(invoice).PayTo!.Iban);
    }

    /// <summary>A document of a kind with everything that one may say.</summary>
    internal static PrintableInvoice Sample(InvoiceKind kind)
    {
        var certificate = new TaxCertificate("6166-77", 150_000, new(2026, 1, 1), new(2026, 12, 31));
        var vat = new TaxLine(new("VAT", 210_000), Eur("10.05"), Eur("2.1105"));
        var invoice = new Invoice
        {
            Number = kind switch
            {
                InvoiceKind.CreditNote => "AYNI-CN-2026-000007",
                InvoiceKind.SelfBill => "AYNI-SB-2026-000007",
                _ => "AYNI-2026-000007",
            },
            Kind = kind,
            Entity = new("AYNI", 1, "Ayni GmbH", "Weg 1, 10115 Berlin", "DE", "DE123456789", [], 14),
            Recipient = new(kind == InvoiceKind.SelfBill ? "pty_1" : "cus_1", 1, "Rumi SL", "Calle 1, Madrid", "ES", "ESB1", [], 30),
            Period = TestLedger.Period,
            Issued = TestLedger.Period.End,
            Due = kind == InvoiceKind.CreditNote ? new(2026, 12, 1) : new(2026, 12, 31),
            Lines =
            [
                kind == InvoiceKind.SelfBill
                    ? new("share", null, null, null, TestLedger.Period, 0, default, Eur("10.05"))
                    : new("usage", null, Model, "app_1", new(2026, 10), 3, new(1_234_567, 10, 5), Eur("10.05")),
            ],
            Taxes = kind == InvoiceKind.SelfBill
                ? [vat, new(new("WHT", 150_000, IsWithheld: true, certificate), Eur("10.05"), Eur("1.51"))]
                : [vat],
            Rounding = Eur("-0.0005"),
            Total = Eur("12.16"),
            Credits = kind == InvoiceKind.CreditNote ? "AYNI-2026-000001" : null,
            Reason = kind == InvoiceKind.CreditNote ? "=slow <answers>" : null,
            Entry = 1,
        };
        return new(invoice, kind == InvoiceKind.Invoice
            ? new("AYNI", 1, "Ayni GmbH", Iban.Parse("DE89 3704 0044 0532 0130 00"), null, TestLedger.Period.Start, TestLedger.Period.Start)
            : null);
    }

    private static XElement Page(PrintableInvoice[] invoices, string code) =>
        XDocument.Parse(InvoiceHtml.ToHtml(invoices, StatementLanguage.Find(code)!)).Root!;
}
