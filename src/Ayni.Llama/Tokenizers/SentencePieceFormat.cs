namespace Ayni.Llama;

/// <summary>One entry of a SentencePiece vocabulary, U+2581 standing for a space.</summary>
internal readonly record struct SentencePiece(string Text, float Score, TokenType Type);

/// <summary>How a SentencePiece vocabulary treats text.</summary>
internal sealed record SentencePieceFormat
{
    /// <summary>The id for a character that neither pieces nor bytes can write, or null.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Whether a space is put before every text.</summary>
    public bool AddsDummySpace { get; init; }

    /// <summary>Whether spaces at both ends go and several become one.</summary>
    public bool RemovesExtraSpaces { get; init; }

    /// <summary>Whether a character that is no piece is written by the tokens of its bytes.</summary>
    public bool FallsBackToBytes { get; init; } = true;
}
