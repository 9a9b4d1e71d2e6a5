using System.Text.Json;

namespace Ayni.Training;

/// <summary>
/// Writes which documents are left out, a line each: <c>{"source":"…","place":"…","same_as":"…","percent":100}</c>. The file gets its name
/// when it is complete; a report that is not committed leaves nothing behind.
/// </summary>
internal sealed class DuplicateReport : IDisposable
{
    private readonly string _path;
    private FileStream? _stream;

    /// <summary>Begins a report.</summary>
    public DuplicateReport(string path)
    {
        _path = path;
        _stream = File.Create(path + ".partial");
    }

    /// <summary>Adds a document.</summary>
    /// <param name="source">Its source.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="sameAs">Where the one stands that is kept.</param>
    /// <param name="percent">Hundredths that they have in common, 100 for the same.</param>
    public void Add(string source, string place, string sameAs, int percent)
    {
        using (var writer = new Utf8JsonWriter(_stream!))
        {
            writer.WriteStartObject();
            writer.WriteString("source", source);
            writer.WriteString("place", place);
            writer.WriteString("same_as", sameAs);
            writer.WriteNumber("percent", percent);
            writer.WriteEndObject();
        }
        _stream!.WriteByte((byte)'\n');
    }

    /// <summary>Gives the file its name.</summary>
    public void Commit()
    {
        _stream!.Dispose();
        _stream = null;
        File.Move(_path + ".partial", _path, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_stream is null)
            return;
        _stream.Dispose();
        File.Delete(_path + ".partial");
    }
}
