namespace Ayni.Ledger;

/// <summary>An agreement's document as people read it, in their language.</summary>
/// <param name="Name">The agreement's name.</param>
/// <param name="Language">The language's code.</param>
/// <param name="Sentences">What it says, in plain words.</param>
/// <param name="Worse">Which clauses are worse for the smaller party than the standard terms.</param>
public sealed record AgreementDescription(
    string Name, string Language, IReadOnlyList<string> Sentences, IReadOnlyList<WorseClause> Worse)
{
    private TermsWords Words => StatementLanguage.Find(Language)!.Terms;

    /// <summary>What stands above the worse clauses.</summary>
    internal string WorseTitle => Words.WorseTitle;

    /// <summary>The worse clauses, a line for each.</summary>
    internal IEnumerable<string> WorseLines => Worse.Select(clause => TermsWords.Fill(
        Words.Worse, Words.Isolate(clause.Clause), Words.Quote(clause.Share), Words.Isolate(clause.Standard), clause.Says));

    /// <summary>Everything as text, a line for each sentence.</summary>
    public string ToText() => string.Join('\n', Worse.Count == 0
        ? Sentences
        : [.. Sentences, "", WorseTitle, .. WorseLines.Select(line => $"  {line}")]) + "\n";
}
