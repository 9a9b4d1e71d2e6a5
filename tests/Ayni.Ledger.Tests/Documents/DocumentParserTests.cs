using System.Text;

namespace Ayni.Ledger.Tests;

public sealed class DocumentParserTests
{
    [Fact]
    public void Fields_know_their_values_and_places()
    {
        var fields = DocumentFields.Parse("terms.yaml", "model: bard\nrate: 12.5%\nlist:\n  - a\n  - \"b\"\ninner: {from: 2026-12}\n");
        Assert.Equal("bard", fields.String("model"));
        Assert.Equal(125_000, fields.FindPercent("rate"));
        Assert.Equal(["a", "b"], fields.FindStrings("list").ToArray());
        Assert.Equal(new(2026, 12), fields.FindFields("inner")!.FindPeriod("from"));
        fields.RefuseUnknown();
        var error = fields.Error("rate", "is wrong");
        Assert.Equal((2, 7, "terms.yaml:2:7: rate: is wrong"), (error.Line, error.Column, error.Message));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("- a", 1, "mapping")]
    [InlineData("a: 1\na: 2", 2, "twice")]
    [InlineData("a: 1\nb: &x 1", 2, "anchor")]
    [InlineData("a: 1\nb: *x", 2, "alias")]
    [InlineData("a: !!int 1", 1, "tag")]
    [InlineData("a: 1\n---\nb: 2", 2, "one document")]
    [InlineData("a: 1\n? [b]\n: 2", 2, "name is a word")]
    [InlineData("a: 1\nb: [1", 3, "YAML")]
    [InlineData("a: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1, "deep")]
    public void What_is_no_document_is_refused_with_its_line(string text, long line, string says)
    {
        var error = Assert.Throws<DocumentException>(() => DocumentParser.Parse("terms.yaml", text));
        Assert.Equal(line, error.Line);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_a_document_or_is_refused_by_name()
    {
        var random = new Random(20261127);
        const string Seed = "model: bard\nshares:\n  - {name: royalty, rate: 12.5%, tiers: [{up_to: \"100\"}]}\n";
        const string Alphabet = "&*!|>'\"%@`{}[],:?-#\t \n\\a0~\u0085\ud800é";
        for (var round = 0; round < 5_000; round++)
        {
            var text = new StringBuilder(Seed);
            for (var change = random.Next(1, 8); change > 0; change--)
            {
                var at = random.Next(text.Length);
                if (random.Next(2) == 0)
                    text.Insert(at, Alphabet[random.Next(Alphabet.Length)]);
                else
                    text.Remove(at, Math.Min(random.Next(1, 6), text.Length - at)).Append('\n');
            }
            try
            {
                DocumentParser.Parse("terms.yaml", text.ToString());
            }
            catch (DocumentException error)
            {
                Assert.True(error.Line >= 0, $"round {round}");
            }
        }
        Assert.Throws<DocumentException>(() => DocumentParser.Parse("terms.yaml", "a: " + new string('x', DocumentParser.MostCharacters)));
    }
}
