using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Ayni.Training;

/// <summary>How files of provenance are read and written: of bounded length, and whole or not at all.</summary>
internal static partial class ProvenanceFile
{
    /// <summary>How JSON is written for people to read.</summary>
    public static readonly JsonWriterOptions Writing = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>All bytes of a file.</summary>
    /// <exception cref="ProvenanceException">It is too long.</exception>
    public static byte[] ReadBounded(string path, int most)
    {
        using var stream = File.OpenRead(path);
        return stream.Length <= most
            ? File.ReadAllBytes(path)
            : throw new ProvenanceException($"{path}: {stream.Length:N0} bytes are more than the {most:N0} that such a file may have.");
    }

    /// <summary>Reads JSON in which nothing is missing, unknown or there twice.</summary>
    /// <exception cref="ProvenanceException">It can't be read; names the line.</exception>
    public static T Parse<T>(string path, string what, ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new ProvenanceException($"{path}: the {what} is empty.");
        }
        catch (JsonException error)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{(error.LineNumber ?? 0) + 1}:{(error.BytePositionInLine ?? 0) + 1}");
            var field = error.Path is { Length: > 1 } place ? $" at {place}" : "";
            throw new ProvenanceException($"{path}:{line}: this is no {what} of version 1{field}: {Sentence(error.Message)}.", error);
        }
        catch (InvalidOperationException error)
        {
            throw new ProvenanceException($"{path}: a text in the {what} is not valid Unicode.", error);
        }
    }

    /// <summary>Copies a file over another, which gets its name when it is complete.</summary>
    public static void Copy(string from, string to) => Write(to, stream =>
    {
        using var source = File.OpenRead(from);
        source.CopyTo(stream);
    });

    /// <summary>Writes a file, which gets its name when it is complete.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>What the reader says, in words that name no type of this program; the place is said already.</summary>
    private static string Sentence(string message)
    {
        if (UnknownField().Match(message) is { Success: true } unknown)
            return $"there is no field '{unknown.Groups[1].Value}'";
        if (MissingFields().Match(message) is { Success: true } missing)
            return $"fields are missing: {missing.Groups[1].Value.Replace("; ", ", ", StringComparison.Ordinal)}";
        if (message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
            return "the value is of another kind";
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        end = end < 0 ? message.IndexOf(" LineNumber: ", StringComparison.Ordinal) : end;
        message = (end < 0 ? message : message[..end]).TrimEnd('.', ' ');
        return message.Length > 200 ? message[..200] + "…" : message;
    }

    [GeneratedRegex("^The JSON property '(.{1,100})' could not be mapped")]
    private static partial Regex UnknownField();

    [GeneratedRegex(@"missing required properties including: (.{1,200}?)\.")]
    private static partial Regex MissingFields();
}
