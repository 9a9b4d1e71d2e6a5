namespace Ayni.Ledger;

/// <summary>An agreement's document as people read it.</summary>
/// <param name="Sentences">What it says, in plain English.</param>
/// <param name="Worse">Which clauses are worse for the smaller party than the standard terms.</param>
public sealed record AgreementDescription(IReadOnlyList<string> Sentences, IReadOnlyList<WorseClause> Worse);
