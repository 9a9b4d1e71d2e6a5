namespace Ayni.Llama;

/// <summary>
/// How long a model's drafts are and when they pause: after the second that fails in a row, longer each time, so that text that can't be
/// guessed costs next to nothing.
/// </summary>
internal sealed class DraftPace
{
    // Each costs a pass of the draft model.
    private const int MostTokens = 8;

    private const int LongestPause = 256;

    private readonly DraftLength _length = new(least: 1, MostTokens);
    private int _pause;
    private int _resumesAt;

    /// <summary>How long the next draft is to be, in tokens.</summary>
    public int Length => _length.Tokens;

    /// <summary>Whether drafts pause at a text's length.</summary>
    public bool Pauses(int length) => length < _resumesAt;

    /// <summary>Learns how a draft fared.</summary>
    /// <param name="drafted">Its tokens; at least 1.</param>
    /// <param name="accepted">Those that held.</param>
    /// <param name="length">The text's length after it, in tokens.</param>
    public void Note(int drafted, int accepted, int length)
    {
        _length.Note(drafted, accepted);
        if (accepted > 0)
        {
            _pause = 0;
        }
        else
        {
            _resumesAt = length + _pause;
            _pause = Math.Clamp(2 * _pause, 2, LongestPause);
        }
    }
}
