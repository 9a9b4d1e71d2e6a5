using System.CommandLine;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Ayni.Bench;

/// <summary>
/// <c>bench/run text</c>: gathers natural text of one script from whatever files a folder holds (documentation, translations), each line
/// once.
/// </summary>
internal static partial class TextCommand
{
    private const int MinLetters = 4;

    public static Command Create()
    {
        var script = new Option<string>("--script") { Description = "latin or arabic.", HelpName = "SCRIPT", Required = true };
        var output = new Option<string>("--out", "-o") { Description = "The file to write.", HelpName = "FILE", Required = true };
        var folders = new Argument<string[]>("folders") { Description = "Folders whose files are read." };
        script.AcceptOnlyFromAmong("latin", "arabic");
        folders.Validators.Add(result =>
        {
            foreach (var folder in result.Tokens.Select(token => token.Value).Where(folder => !Directory.Exists(folder)))
                result.AddError($"There is no folder {folder}.");
        });
        var command = new Command("text", "Gather natural text from files, each line once.") { script, output, folders };
        command.SetAction(result =>
        {
            Func<char, bool> isLetter = result.GetValue(script) == "arabic" ? c => c is >= '\u0620' and <= '\u06FF' : char.IsAsciiLetter;
            var lines = new HashSet<string>();
            using var writer = new StreamWriter(result.GetValue(output)!, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            foreach (var line in result.GetValue(folders)!.SelectMany(Files).SelectMany(Lines))
            {
                if (IsText(line, isLetter) && lines.Add(line))
                    writer.Write(line + "\n");
            }
            Console.Error.WriteLine($"{lines.Count} lines");
        });
        return command;
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(string path)
    {
        foreach (var content in Contents(path))
        {
            // Catalogues (.mo) end a text by a zero; translations in JSON, PHP and the like stand in quotes.
            foreach (var line in Encoding.UTF8.GetString(content).Split(['\n', '\r', '\0']))
            {
                var text = Reference().Replace(line, "$1");
                text = WebUtility.HtmlDecode(Markup().Replace(text, ""));
                yield return (Quoted().Match(text) is { Success: true } quoted ? quoted.Groups[1].Value : text).Trim();
            }
        }
    }

    private static IEnumerable<byte[]> Contents(string path)
    {
        switch (Path.GetExtension(path))
        {
            case ".gz" or ".dz":
                using (var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
                    yield return ReadAll(stream);
                break;
            case ".xpi" or ".zip":
                using (var archive = ZipFile.OpenRead(path))
                {
                    foreach (var entry in archive.Entries)
                    {
                        using var stream = entry.Open();
                        yield return ReadAll(stream);
                    }
                }
                break;
            default:
                yield return File.ReadAllBytes(path);
                break;
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>Whether most of a line is letters of the script, and nothing of it is binary.</summary>
    private static bool IsText(string line, Func<char, bool> isLetter)
    {
        var letters = line.Count(isLetter);
        return letters >= MinLetters && letters * 2 >= line.Count(c => c != ' ') && !line.Any(c => c == '\uFFFD' || (char.IsControl(c) && c != '\t'));
    }

    /// <summary>A reference in .NET's documentation, which reads as the name it refers to.</summary>
    [GeneratedRegex("""<[^<>]*?(?:cref|langword|name)="(?:\w:)?([^"<>]*)"[^<>]*/>""")]
    private static partial Regex Reference();

    [GeneratedRegex("<[^<>]*>")]
    private static partial Regex Markup();

    [GeneratedRegex("""^[^"']*["'](.*)["'][\s,;)\]]*$""")]
    private static partial Regex Quoted();
}
