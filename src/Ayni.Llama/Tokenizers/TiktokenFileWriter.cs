using System.Globalization;
using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Writes a byte-level vocabulary in tiktoken's form, as Meta ships Llama 3 and 4: the bytes of ordinary tokens in base64, and their ranks.
/// </summary>
internal static class TiktokenFileWriter
{
    /// <summary>The file's bytes: all ordinary tokens up to the first special one.</summary>
    public static byte[] Write(TokenizerDescription description)
    {
        var lines = new StringBuilder();
        for (var id = 0; id < description.Tokens.Length && description.Types[id] is TokenType.Normal or TokenType.Unused; id++)
        {
            lines.Append(Convert.ToBase64String(description.Tokenizer.BytesOf(id))).Append(' ')
                .Append(id.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }
        return Encoding.ASCII.GetBytes(lines.ToString());
    }
}
