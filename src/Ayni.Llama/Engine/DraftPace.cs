namespace Ayni.Llama;

/// <summary>
/// How long drafts are and when they pause: longer while they hold; pauses, longer each time, while they don't, so that text that can't be
/// guessed costs next to nothing.
/// </summary>
internal sealed class DraftPace
{
    /// <summary>The longest draft, in tokens.</summary>
    public const int MostTokens = 8;

    private const int ShortestPause = 8;
    private const int LongestPause = 256;

    private int _pause = ShortestPause;
    private int _resumesAt;

    /// <summary>How long the next draft is to be, in tokens.</summary>
    public int Length { get; private set; } = 2;

    /// <summary>Whether drafts pause at a text's length.</summary>
    public bool Pauses(int length) => length < _resumesAt;

    /// <summary>Learns how a draft fared.</summary>
    /// <param name="drafted">Its tokens; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    /// <param name="length">The text's length after it, in tokens.</param>
    public void Note(int drafted, int accepted, int length)
    {
        if (accepted == drafted)
        {
            Length = Math.Min(MostTokens, Length + 2);
            _pause = ShortestPause;
        }
        else if (accepted > 0)
        {
            Length = Math.Max(1, accepted);
        }
        else
        {
            Length = 2;
            _resumesAt = length + _pause;
            _pause = Math.Min(LongestPause, 2 * _pause);
        }
    }
}
