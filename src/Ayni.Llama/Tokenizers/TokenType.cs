namespace Ayni.Llama;

/// <summary>
/// What kind of token an id stands for; the numbers of SentencePiece's <c>SentencePiece.Type</c>, which GGUF uses as well.
/// </summary>
internal enum TokenType : byte
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
