namespace Ayni.Llama;

/// <summary>How long drafts are: longer while they hold.</summary>
/// <param name="least">The shortest, in tokens.</param>
/// <param name="most">The longest, in tokens.</param>
internal sealed class DraftLength(int least, int most)
{
    /// <summary>The longest draft of any kind, in tokens: with the token it follows, a step of 16.</summary>
    public const int Longest = 15;

    /// <summary>How long the next draft is to be, in tokens.</summary>
    public int Tokens { get; private set; } = Math.Max(2, least);

    /// <summary>Learns how a draft fared.</summary>
    /// <param name="drafted">Its tokens; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    public void Note(int drafted, int accepted) => Tokens =
        accepted == drafted ? Math.Min(most, 2 * Tokens) : accepted > 0 ? Math.Max(least, accepted) : Math.Max(2, least);
}
