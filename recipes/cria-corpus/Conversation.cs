namespace Ayni.CriaCorpus;

/// <summary>What is said one after another.</summary>
/// <param name="System">Instructions before it; null for none.</param>
/// <param name="Exchanges">Questions and answers.</param>
public sealed record Conversation(string? System, IReadOnlyList<Exchange> Exchanges);
