namespace Ayni.Training;

/// <summary>The kinds of vocabulary that can be learned.</summary>
public enum VocabularyKind
{
    /// <summary>Bytes, merged within the words of Llama 3's splitting.</summary>
    ByteLevel,

    /// <summary>
    /// Characters, merged within words that open with their space, and bytes for the rare ones: as Llama 1 and 2 have it.
    /// </summary>
    SentencePiece,
}

/// <summary>How digits come into tokens.</summary>
public enum DigitMerging
{
    /// <summary>Digits that stand together often become one token: up to three of them in a byte-level vocabulary.</summary>
    Grouped,

    /// <summary>Every digit is a token of its own: no token has more than one.</summary>
    Apart,
}

/// <summary>What a vocabulary shall be like.</summary>
public sealed record VocabularyOptions
{
    /// <summary>Tokens in all, special ones included.</summary>
    public required int Size { get; init; }

    /// <summary>The kind.</summary>
    public VocabularyKind Kind { get; init; }

    /// <summary>How digits come into tokens.</summary>
    public DigitMerging Digits { get; init; }

    /// <summary>
    /// Whether a byte-level vocabulary has all 256 special tokens of Llama 3, as a file in tiktoken's form has them, or only those that its
    /// chat format needs.
    /// </summary>
    public bool HasAllSpecialTokens { get; init; }
}
