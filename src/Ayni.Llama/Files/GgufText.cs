using System.Text;

namespace Ayni.Llama;

/// <summary>The rules for text in GGUF files, the same for reading and writing.</summary>
internal static class GgufText
{
    /// <summary>UTF-8 that refuses invalid bytes and lone surrogates instead of replacing them.</summary>
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// What is wrong with a key's or tensor's name, or null. A control character would garble the terminal or log that shows it.
    /// </summary>
    public static string? FindNameProblem(string name)
    {
        if (name.Length == 0)
            return "is empty";
        foreach (var character in name)
        {
            if (char.IsControl(character))
                return $"contains the control character U+{(int)character:X4}";
        }
        return null;
    }
}
