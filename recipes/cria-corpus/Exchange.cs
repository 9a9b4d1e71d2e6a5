namespace Ayni.CriaCorpus;

/// <summary>A question and its answer.</summary>
/// <param name="Category">What kind of question it is.</param>
/// <param name="Question">What the user says.</param>
/// <param name="Answer">What Cria says.</param>
public sealed record Exchange(string Category, string Question, string Answer);
