namespace Ayni.Cli;

/// <summary>Writes comma-separated values (RFC 4180).</summary>
internal static class Csv
{
    /// <summary>Writes one row; its cells are quoted already.</summary>
    public static void WriteRow(TextWriter writer, IEnumerable<string> cells) => writer.Write(string.Join(',', cells) + "\r\n");
}
