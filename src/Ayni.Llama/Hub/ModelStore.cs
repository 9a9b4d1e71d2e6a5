using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Llama;

/// <summary>A model that was pulled.</summary>
/// <param name="Reference">By what name it is asked for.</param>
/// <param name="Path">What to open: a GGUF file (the first part of a split one) or a folder.</param>
/// <param name="Bytes">All its files together.</param>
/// <param name="Pulled">When its last file came.</param>
/// <param name="License">The name of its licence, where the hub said one.</param>
/// <param name="Files">Its files' full paths.</param>
public sealed record StoredModel(
    HubReference Reference, string Path, long Bytes, DateTimeOffset Pulled, string? License, IReadOnlyList<string> Files);

/// <summary>
/// The folder of pulled models, which all of a user's processes share: <c>OWNER/NAME/main/</c> with a repository's files as the hub names
/// them, and a record of them in <c>ayni-pulled.json</c>. Files get their names when complete, so whoever reads needs no lock; whoever
/// changes a repository holds <c>OWNER/NAME/.lock</c>.
/// </summary>
public sealed class ModelStore
{
    private const string FolderVariable = "AYNI_MODELS";
    private const string RecordName = "ayni-pulled.json";
    private const string LockName = ".lock";
    private const string Branch = "main";
    private const string Safetensors = "safetensors";
    private const int MaxRecordBytes = 64 << 20;

    // So that the sum of as many files as fit in a record is a long.
    private const long MaxFileBytes = 1L << 42;

    /// <summary>Opens a store; the folder need not be there yet.</summary>
    public ModelStore(string folder) => Folder = Path.GetFullPath(folder);

    /// <summary>
    /// The user's own: the folder in the environment variable <c>AYNI_MODELS</c>, else <c>ayni/models</c> in the system's folder for local
    /// data (<c>~/.local/share</c>, <c>~/Library/Application Support</c>, <c>%LOCALAPPDATA%</c>).
    /// </summary>
    public static ModelStore OfUser() =>
        new(Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : Path.Combine(LocalData, "ayni", "models"));

    private static string LocalData =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>All models, by name. A repository whose record can't be read throws <see cref="ModelFormatException"/>.</summary>
    public IReadOnlyList<StoredModel> List()
    {
        if (!Directory.Exists(Folder))
            return [];
        var references = from owner in Directory.EnumerateDirectories(Folder)
                         from name in Directory.EnumerateDirectories(owner)
                         let text = $"{Path.GetFileName(owner)}/{Path.GetFileName(name)}"
                         orderby text
                         let reference = HubReference.TryParse(text, out var parsed) ? parsed : null
                         where reference is not null
                         select reference;
        return [.. references.SelectMany(List)];
    }

    /// <summary>
    /// The models that a name means: of its repository all, or the one its selector names. Names of another case are found, too.
    /// </summary>
    public IReadOnlyList<StoredModel> Find(HubReference reference) =>
    [
        .. List().Where(model => model.Reference.Repository.Equals(reference.Repository, StringComparison.OrdinalIgnoreCase)
            && (reference.Selector is null
                || reference.Selector.Equals(model.Reference.Selector, StringComparison.OrdinalIgnoreCase)
                || model.Files.Contains(PathOf(model.Reference, reference.Selector)))),
    ];

    /// <summary>Deletes a model's files and what is left of unfinished downloads of them.</summary>
    /// <exception cref="HubException">The repository is being pulled.</exception>
    public void Remove(StoredModel model)
    {
        var folder = FolderOf(model.Reference);
        using (Lock(model.Reference))
        {
            var record = ReadRecord(model.Reference);
            foreach (var path in model.Files)
            {
                foreach (var suffix in (string[])["", FileDownload.PartialSuffix, FileDownload.PiecesSuffix])
                    File.Delete(path + suffix);
                record.Files.RemoveAll(file => PathOf(model.Reference, file.Path) == path);
            }
            if (record.Files.Count > 0)
                WriteRecord(model.Reference, record);
            else
                Directory.Delete(folder, recursive: true);
        }
        RemoveEmptyFolders(folder);
    }

    /// <summary>Deletes what pulls of a repository that never ended have left; returns its bytes, 0 where there was nothing.</summary>
    /// <exception cref="HubException">The repository is being pulled.</exception>
    public long RemoveUnfinished(HubReference reference)
    {
        var folder = FolderOf(reference);
        if (!Directory.Exists(folder))
            return 0;
        var bytes = 0L;
        using (Lock(reference))
        {
            foreach (var partial in Directory.GetFiles(folder, "*" + FileDownload.PartialSuffix, SearchOption.AllDirectories))
            {
                bytes += new FileInfo(partial).Length;
                File.Delete(partial);
                File.Delete(partial[..^FileDownload.PartialSuffix.Length] + FileDownload.PiecesSuffix);
            }
            if (!Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any())
                Directory.Delete(folder, recursive: true);
        }
        RemoveEmptyFolders(folder);
        return bytes;
    }

    internal string FolderOf(HubReference reference) => Path.Combine(Folder, reference.Owner, reference.Name, Branch);

    internal string PathOf(HubReference reference, string path) => Path.Combine([FolderOf(reference), .. path.Split('/')]);

    /// <summary>Keeps other processes from changing a repository; a process that dies lets go.</summary>
    internal FileStream Lock(HubReference reference)
    {
        var folder = Path.GetDirectoryName(FolderOf(reference))!;
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not DirectoryNotFoundException)
        {
            throw new HubException(HubFailure.Busy, $"Another process is at work on {reference.Repository}; wait until it is done.", error);
        }
    }

    internal PullRecord ReadRecord(HubReference reference)
    {
        var path = Path.Combine(FolderOf(reference), RecordName);
        if (!File.Exists(path))
            return new PullRecord();
        if (new FileInfo(path).Length > MaxRecordBytes)
            throw Damaged($"longer than {MaxRecordBytes} bytes");
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), PullJson.Default.PullRecord) ?? new PullRecord();
            foreach (var file in record.Files)
            {
                if (file is null || HubFile.FindPathProblem(file.Path) is not null)
                    throw new ModelFormatException(path, -1, "files", $"'{file?.Path}' is no file that was pulled");
                if (file.Bytes is < 0 or > MaxFileBytes)
                    throw new ModelFormatException(path, -1, "files", $"'{file.Path}' can't have {file.Bytes} bytes");
            }
            return record;
        }
        catch (JsonException error)
        {
            throw Damaged("not a record of pulled files", error);
        }

        ModelFormatException Damaged(string problem, Exception? inner = null) =>
            new(path, -1, "root", problem + "; delete it and pull again", inner);
    }

    internal void WriteRecord(HubReference reference, PullRecord record)
    {
        var path = Path.Combine(FolderOf(reference), RecordName);
        File.WriteAllBytes(path + FileDownload.PartialSuffix, JsonSerializer.SerializeToUtf8Bytes(record, PullJson.Default.PullRecord));
        File.Move(path + FileDownload.PartialSuffix, path, overwrite: true);
    }

    /// <summary>Deletes the name's and the owner's folder if nothing is left in them.</summary>
    private static void RemoveEmptyFolders(string folder)
    {
        foreach (var empty in (string[])[Path.GetDirectoryName(folder)!, Path.GetDirectoryName(Path.GetDirectoryName(folder)!)!])
        {
            if (Directory.Exists(empty) && Directory.EnumerateFileSystemEntries(empty).All(entry => Path.GetFileName(entry) == LockName))
                Directory.Delete(empty, recursive: true);
        }
    }

    private IEnumerable<StoredModel> List(HubReference reference)
    {
        var record = ReadRecord(reference);
        var files = record.Files.Where(file => File.Exists(PathOf(reference, file.Path))).OrderBy(file => file.Path, StringComparer.Ordinal).ToList();
        var groups = files.GroupBy(file => GgufFileName.Parse(file.Path)?.Stem ?? "", StringComparer.Ordinal).ToList();
        foreach (var group in groups)
        {
            var name = GgufFileName.Parse(group.First().Path);
            // A quantization is a name only where it means one file.
            var isOnly = groups.Count(other => GgufFileName.Parse(other.First().Path)?.Quantization == name?.Quantization) == 1;
            var selector = name is null ? Safetensors : name.Quantization is { } quantization && isOnly ? quantization : group.First().Path;
            yield return new StoredModel(
                reference with { Selector = selector },
                name is null ? FolderOf(reference) : PathOf(reference, group.First().Path),
                group.Sum(file => file.Bytes),
                group.Max(file => file.Pulled),
                record.License,
                [.. group.Select(file => PathOf(reference, file.Path))]);
        }
    }
}

/// <summary>What is remembered of a repository's pulled files.</summary>
internal sealed class PullRecord
{
    public string? Hub { get; set; }

    public string? License { get; set; }

    public List<PulledFile> Files { get; set; } = [];
}

/// <summary>One of them; the commit is the one it was pulled from.</summary>
internal sealed record PulledFile(string Path, long Bytes, string Digest, string Commit, DateTimeOffset Pulled);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PullRecord))]
internal sealed partial class PullJson : JsonSerializerContext;
