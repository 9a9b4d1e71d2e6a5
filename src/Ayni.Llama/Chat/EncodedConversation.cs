namespace Ayni.Llama;

/// <summary>A whole conversation as tokens, and who wrote each: what a model learns chat from.</summary>
/// <param name="Ids">The token ids, BOS included.</param>
/// <param name="Writers">
/// As many: the index of the assistant's message that a token belongs to, the token that ends it included; -1 for what the assistant did
/// not write.
/// </param>
public sealed record EncodedConversation(int[] Ids, int[] Writers);
