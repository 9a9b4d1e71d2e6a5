namespace Ayni.Llama;

/// <summary>
/// What a token attends to in a layer that does not attend to all that came before. Positions are absolute and start at 0.
/// </summary>
/// <param name="Kind">How the part moves along.</param>
/// <param name="Size">Positions in the part, the token's own included; at least 1.</param>
public readonly record struct LocalAttention(LocalAttentionKind Kind, int Size)
{
    /// <summary>The first position that the token at <paramref name="position"/> attends to.</summary>
    public int First(int position) => Kind == LocalAttentionKind.Chunk ? position / Size * Size : Math.Max(0, position - Size + 1);
}

/// <summary>How the part of a text that a token attends to moves along.</summary>
public enum LocalAttentionKind
{
    /// <summary>The text is cut into chunks; a token attends to those before it in its own (Llama 4).</summary>
    Chunk,

    /// <summary>A token attends to the last ones before it (Mistral 7B: Jiang et al. 2023, arXiv:2310.06825).</summary>
    Window,
}
