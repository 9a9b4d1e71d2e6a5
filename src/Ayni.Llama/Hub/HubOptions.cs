namespace Ayni.Llama;

/// <summary>How a hub is spoken to. Every wait and every number of attempts is bounded.</summary>
public sealed record HubOptions
{
    /// <summary>The hub where none is named.</summary>
    public static Uri DefaultHub { get; } = new("https://huggingface.co");

    /// <summary>The hub's address, http or https.</summary>
    public Uri Hub { get; init; } = DefaultHub;

    /// <summary>The token that says who asks; sent to the hub's own address only, and never shown.</summary>
    public string? Token { get; init; }

    /// <summary>Parts of a file downloaded at the same time.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>How many times in a row something may fail without a byte coming.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>How long to wait before the second attempt; it doubles from one to the next.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait, even if the hub asks for more.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a connection may be silent.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The unit in which is remembered what is downloaded, in bytes: what a killed process loses, for each connection.</summary>
    internal int PieceBytes { get; init; } = 4 << 20;

    /// <summary>The most pieces of one request; a signed address must not expire within one.</summary>
    internal int PiecesPerRequest { get; init; } = 32;

    /// <summary>What to print: the token must not come out by accident.</summary>
    public override string ToString() => Hub.ToString();
}
