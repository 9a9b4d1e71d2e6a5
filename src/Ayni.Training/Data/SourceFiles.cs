using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Ayni.Training;

/// <summary>The files of a source, in ordinal order of their names, which is the same on every system.</summary>
internal sealed record SourceFiles(DataSource Source, IReadOnlyList<SourceFile> Files)
{
    private const int MostFiles = 1_000_000;

    private static readonly string[] Endings = [".txt", ".jsonl"];

    private static readonly EnumerationOptions Everywhere = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        MaxRecursionDepth = 64,
    };

    /// <summary>Finds a source's files.</summary>
    /// <param name="source">The source.</param>
    /// <param name="folder">What its path is relative to.</param>
    /// <exception cref="DataException">There are none.</exception>
    public static SourceFiles Find(DataSource source, string folder) => new(source, Find(source.Name, source.Path, folder));

    /// <summary>Finds the files that a file's name, a folder or a pattern stands for, in ordinal order.</summary>
    /// <param name="name">What they are called in errors.</param>
    /// <param name="wanted">The file, folder or pattern.</param>
    /// <param name="folder">What it is relative to.</param>
    /// <exception cref="DataException">There are none.</exception>
    public static IReadOnlyList<SourceFile> Find(string name, string wanted, string folder)
    {
        var path = Path.GetFullPath(Path.Combine(folder, wanted));
        List<SourceFile> files;
        if (File.Exists(path))
            files = [new SourceFile(Path.GetFileName(path), path)];
        else if (Directory.Exists(path))
            files = In(name, path, file => Endings.Any(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
        else if (wanted.AsSpan().ContainsAny('*', '?'))
            files = Matching(name, path);
        else
            throw new DataException($"source '{name}': there is no file or folder {path}; correct its path.");
        if (files.Count == 0)
            throw new DataException(
                $"source '{name}': no file matches {path}; a folder's .txt and .jsonl files count, a pattern's all.");
        return [.. files.OrderBy(file => file.Name, StringComparer.Ordinal)];
    }

    /// <summary>SHA-256 of the files' names and contents. Reads everything.</summary>
    public string ComputeDigest(CancellationToken cancellationToken)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var stream = File.OpenRead(file.Path);
            all.AppendData(Encoding.UTF8.GetBytes(file.Name + "\0"));
            all.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    /// <summary>A pattern's files: the folders before its first wildcard are taken as they are.</summary>
    private static List<SourceFile> Matching(string name, string path)
    {
        var wildcard = path.AsSpan().IndexOfAny('*', '?');
        var root = path[..(path.LastIndexOf(Path.DirectorySeparatorChar, wildcard) + 1)];
        var pattern = path[root.Length..].Replace(Path.DirectorySeparatorChar, '/');
        var expression = "^" + Regex.Escape(pattern)
            .Replace(@"\*\*/", "(?:[^/]+/)*", StringComparison.Ordinal)
            .Replace(@"\*\*", ".*", StringComparison.Ordinal)
            .Replace(@"\*", "[^/]*", StringComparison.Ordinal)
            .Replace(@"\?", "[^/]", StringComparison.Ordinal) + "$";
        // Without backtracking, so that no pattern takes long.
        var regex = new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        return Directory.Exists(root) ? In(name, root, regex.IsMatch) : [];
    }

    private static List<SourceFile> In(string source, string root, Func<string, bool> isWanted)
    {
        var files = new List<SourceFile>();
        // A folder that is a link is not entered: it may lead back to where it lies, and so to ever more paths.
        var paths = new FileSystemEnumerable<string>(root, (ref entry) => entry.ToFullPath(), Everywhere)
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
        foreach (var path in paths)
        {
            var name = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
            if (!isWanted(name))
                continue;
            if (files.Count == MostFiles)
                throw new DataException(
                    $"source '{source}': there are more than {MostFiles} files under {root}; join them into JSONL.");
            files.Add(new SourceFile(name, path));
        }
        return files;
    }
}

/// <summary>One file of a source.</summary>
/// <param name="Name">Its path below the source's folder, with <c>/</c>.</param>
/// <param name="Path">Where it is.</param>
internal sealed record SourceFile(string Name, string Path);
