namespace Ayni.Training;

/// <summary>Some tokens of a batch that follow each other.</summary>
internal readonly record struct TokenRange(int Start, int Count);
