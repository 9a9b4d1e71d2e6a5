using System.Globalization;
using System.Text.RegularExpressions;

namespace Ayni.Llama;

/// <summary>
/// A model in several GGUF files, as llama.cpp's <c>gguf-split</c> writes it: <c>NAME-00001-of-00003.gguf</c> and so on, each with its
/// number, the number of files and the number of tensors of all of them. The first has the metadata.
/// </summary>
internal static partial class GgufSplit
{
    /// <summary>The key that holds the number of files.</summary>
    public const string CountKey = "split.count";

    /// <summary>The key that holds the file's number, from 0.</summary>
    public const string NumberKey = "split.no";

    /// <summary>The key that holds the number of tensors of all files.</summary>
    public const string TensorCountKey = "split.tensors.count";

    // The largest Llama in files of the size that hubs allow has some dozens.
    private const int MaxParts = 1024;

    /// <summary>Whether a key speaks of the split, and so of no model in one file.</summary>
    public static bool IsKey(string key) => key is CountKey or NumberKey or TensorCountKey;

    /// <summary>A file's name without its ending, and without the number of a part.</summary>
    public static string NameOf(string path) =>
        Parse(path) is { } name ? System.IO.Path.GetFileName(name.Stem) : System.IO.Path.GetFileNameWithoutExtension(path);

    /// <summary>Whether a file's name is that of a part other than the first.</summary>
    public static bool IsLaterPart(string path) => Parse(path) is { Number: > 1 };

    /// <summary>
    /// All parts of the model that an opened file is of, in order: the file alone where it is not split. Takes the file over, and closes it
    /// with the others if they are refused. Throws <see cref="ModelFormatException"/> naming the file that is missing or doesn't belong.
    /// </summary>
    public static GgufPart[] OpenAll(GgufPart opened)
    {
        var parts = new List<GgufPart>();
        try
        {
            var count = opened.Header.Metadata.FindInteger(CountKey) ?? 1;
            if (count is < 0 or > MaxParts)
                throw opened.Header.Metadata.Error(CountKey, $"{count} is not a number of files from 1 to {MaxParts}");
            if (count <= 1)
                return [opened];
            var (stem, number, _) = NameOfPart(opened, (int)count);
            for (var i = 1; i <= count; i++)
            {
                var path = PathOf(stem, i, (int)count);
                if (i != number && !File.Exists(path))
                {
                    throw new ModelFormatException(
                        path, -1, CountKey, $"part {i} of {count} is not here, though {System.IO.Path.GetFileName(opened.Path)} is; is the download complete?");
                }
                parts.Add(i == number ? opened : GgufPart.Open(path));
                CheckPart(parts[0], parts[^1], i - 1);
            }
            CheckTensors(parts);
            return [.. parts];
        }
        catch
        {
            foreach (var part in parts)
                part.Dispose();
            opened.Dispose();
            throw;
        }
    }

    private static (string Stem, int Number, int Count) NameOfPart(GgufPart part, int count)
    {
        var number = part.Header.Metadata.FindInteger(NumberKey) ?? throw part.Header.Metadata.Error(NumberKey, "the key is missing");
        return Parse(part.Path) is { } name && name.Count == count && name.Number == number + 1
            ? name
            : throw part.Header.Metadata.Error(
                NumberKey,
                string.Create(CultureInfo.InvariantCulture, $"this is part {number + 1} of {count}; only beside a file named ")
                + $"…{System.IO.Path.GetFileName(PathOf("", (int)Math.Clamp(number + 1, 1, MaxParts), count))} can the others be found");
    }

    /// <summary>Holds a part against the first one.</summary>
    private static void CheckPart(GgufPart first, GgufPart part, int number)
    {
        var (expected, metadata) = (first.Header.Metadata, part.Header.Metadata);
        if (metadata.FindInteger(NumberKey) != number)
            throw metadata.Error(NumberKey, $"expected part {number} (from 0) by the file's name, found {Shown(metadata.Find(NumberKey))}");
        foreach (var key in metadata.Keys)
        {
            // The first part says everything, a later one at most the same again: but for its number and its alignment.
            var (mine, theirs) = (expected.Find(key), metadata.Find(key));
            if (key is not (NumberKey or GgufLimits.AlignmentKey) && mine is not (null or Array) && Text(mine) != Text(theirs))
                throw metadata.Error(key, $"the value {Shown(theirs)} is not that of part 1 ({Shown(mine)}); the file is of another model");
        }
        foreach (var key in (string[])[CountKey, TensorCountKey])
        {
            if (metadata.Find(key) is null)
                throw metadata.Error(key, "the key is missing, so the file can't be told to be a part of this model");
        }
    }

    private static void CheckTensors(List<GgufPart> parts)
    {
        var files = new Dictionary<string, GgufPart>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            foreach (var tensor in part.Header.Tensors)
            {
                if (!files.TryAdd(tensor.Name, part))
                {
                    throw new ModelFormatException(
                        part.Path, tensor.InfoOffset, tensor.Name, $"the tensor is in {System.IO.Path.GetFileName(files[tensor.Name].Path)}, too");
                }
            }
        }
        var metadata = parts[0].Header.Metadata;
        if (metadata.FindInteger(TensorCountKey) is var expected && expected != files.Count)
            throw metadata.Error(TensorCountKey, $"{expected} tensors are said to be in {parts.Count} files, which have {files.Count}");
    }

    private static string Shown(object? value) => Text(value) is var text && text.Length <= 40 ? text : text[..40] + "…";

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "none";

    private static string PathOf(string stem, int number, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"{stem}-{number:D5}-of-{count:D5}.gguf");

    private static (string Stem, int Number, int Count)? Parse(string path)
    {
        var match = PartName().Match(path);
        return match.Success
            ? (match.Groups[1].Value, int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture))
            : null;
    }

    [GeneratedRegex(@"^(.+)-([0-9]{5})-of-([0-9]{5})\.gguf$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex PartName();
}
