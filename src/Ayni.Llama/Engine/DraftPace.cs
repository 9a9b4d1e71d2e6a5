namespace Ayni.Llama;

/// <summary>
/// How long drafts are and when they pause: longer while they hold; after the second that fails in a row, pauses, longer each time, so that text
/// that can't be guessed costs next to nothing.
/// </summary>
/// <param name="least">The shortest draft, in tokens.</param>
internal sealed class DraftPace(int least)
{
    /// <summary>The longest draft, in tokens.</summary>
    public const int MostTokens = 8;

    private const int LongestPause = 256;

    private int _pause;
    private int _resumesAt;

    /// <summary>How long the next draft is to be, in tokens.</summary>
    public int Length { get; private set; } = Math.Max(2, least);

    /// <summary>Whether drafts pause at a text's length.</summary>
    public bool Pauses(int length) => length < _resumesAt;

    /// <summary>Learns how a draft fared.</summary>
    /// <param name="drafted">Its tokens; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    /// <param name="length">The text's length after it, in tokens.</param>
    public void Note(int drafted, int accepted, int length)
    {
        if (accepted > 0)
        {
            Length = accepted == drafted ? Math.Min(MostTokens, 2 * Length) : Math.Max(least, accepted);
            _pause = 0;
        }
        else
        {
            Length = Math.Max(2, least);
            _resumesAt = length + _pause;
            _pause = Math.Clamp(2 * _pause, 2, LongestPause);
        }
    }
}
