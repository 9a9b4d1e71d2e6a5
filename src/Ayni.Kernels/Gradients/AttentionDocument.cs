namespace Ayni.Kernels;

/// <summary>Consecutive tokens of a batch that attend to each other and to no others.</summary>
/// <param name="Start">The first token's place in the batch.</param>
/// <param name="Length">Tokens.</param>
public readonly record struct AttentionDocument(int Start, int Length);
