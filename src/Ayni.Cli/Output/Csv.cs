namespace Ayni.Cli;

/// <summary>Writes comma-separated values (RFC 4180) that a spreadsheet takes for text where they are text.</summary>
internal static class Csv
{
    /// <summary>Writes one row; its cells are quoted already.</summary>
    public static void WriteRow(TextWriter writer, IEnumerable<string> cells) => writer.Write(string.Join(',', cells) + "\r\n");

    /// <summary>A text's cell. What a spreadsheet would take for a formula begins with an apostrophe instead.</summary>
    public static string Text(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
            text = $"'{text}";
        return text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
