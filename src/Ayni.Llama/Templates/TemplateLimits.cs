namespace Ayni.Llama;

/// <summary>
/// How much a chat template may do. Every bound is far beyond real templates and conversations, and keeps a hostile one from filling
/// memory, the stack or the day.
/// </summary>
internal static class TemplateLimits
{
    /// <summary>Characters of a template's source. Real ones have up to 30,000.</summary>
    public const int SourceCharacters = 256 << 10;

    /// <summary>How deep statements, brackets and operators may nest in the source.</summary>
    public const int SyntaxDepth = 100;

    /// <summary>How deep evaluation may nest, macros calling themselves included.</summary>
    public const int EvaluationDepth = 300;

    /// <summary>How deep values may lie in values where they are compared or written.</summary>
    public const int ValueDepth = 64;

    /// <summary>What one rendering may cost: a step or a character made costs 1, an element of a list <see cref="ElementWork"/>.</summary>
    public const int Work = 1 << 25;

    /// <summary>What an element of a list costs.</summary>
    public const int ElementWork = 16;

    /// <summary>Characters of a rendered conversation.</summary>
    public const int OutputCharacters = 1 << 24;
}
