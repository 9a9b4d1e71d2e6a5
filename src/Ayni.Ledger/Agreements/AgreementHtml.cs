using System.Text;

namespace Ayni.Ledger;

/// <summary>The print-ready view of an agreement: a page of well-formed XML in the reader's language and direction.</summary>
public static class AgreementHtml
{
    /// <summary>The page.</summary>
    public static string ToHtml(this AgreementDescription description)
    {
        var language = StatementLanguage.Find(description.Language)!;
        var html = new StringBuilder();
        PrintedPage.Begin(html, language, $"{language.Words.Agreement} {description.Name}");
        html.Append("<article>\n<h1>").Append(PrintedPage.Escaped(language.Words.Agreement)).Append(' ')
            .Append(PrintedPage.Isolated(description.Name)).Append("</h1>\n");
        foreach (var sentence in description.Sentences)
            html.Append("<p>").Append(PrintedPage.Escaped(sentence)).Append("</p>\n");
        if (description.Worse.Count > 0)
        {
            html.Append("<h2>").Append(PrintedPage.Escaped(description.WorseTitle)).Append("</h2>\n<ul>\n");
            foreach (var line in description.WorseLines)
                html.Append("<li>").Append(PrintedPage.Escaped(line)).Append("</li>\n");
            html.Append("</ul>\n");
        }
        html.Append("</article>\n");
        return PrintedPage.End(html);
    }
}
