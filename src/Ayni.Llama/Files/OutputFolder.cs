namespace Ayni.Llama;

/// <summary>
/// A folder that grows under its name with <c>.partial</c> appended and gets its name only when it is complete. Disposed of before that,
/// nothing is left behind.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private bool _committed;

    private OutputFolder(string path)
    {
        _path = path;
        _partial = path + ".partial";
    }

    /// <summary>Begins a folder.</summary>
    /// <param name="path">Where it shall be.</param>
    /// <param name="replaces">Whether it may take the place of a model's folder.</param>
    /// <exception cref="IOException">There is something under that name that is not to be replaced.</exception>
    public static OutputFolder Create(string path, bool replaces)
    {
        var folder = new OutputFolder(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        if (File.Exists(folder._path))
            throw new IOException($"{path} is a file, and a folder is to be written; choose another name.");
        if (Directory.Exists(folder._path) && Directory.EnumerateFileSystemEntries(folder._path).Any())
        {
            if (!replaces)
                throw new IOException($"{path} is there already; choose another name, or ask for it to be replaced.");
            // Whatever else is in the folder goes with it, so it has to be one that was written for a model.
            if (!File.Exists(Path.Combine(folder._path, "config.json")) && !File.Exists(Path.Combine(folder._path, "params.json")))
                throw new IOException($"{path} holds other things than a model, and is not replaced; choose another name.");
        }
        if (Directory.Exists(folder._partial))
            Directory.Delete(folder._partial, recursive: true);
        Directory.CreateDirectory(folder._partial);
        return folder;
    }

    /// <summary>The path, for now, of a file in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_partial, name);

    /// <summary>Gives the folder its name.</summary>
    public void Commit()
    {
        var old = _path + ".old";
        if (Directory.Exists(_path))
            Directory.Move(_path, old);
        Directory.Move(_partial, _path);
        _committed = true;
        if (Directory.Exists(old))
            Directory.Delete(old, recursive: true);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_committed && Directory.Exists(_partial))
            Directory.Delete(_partial, recursive: true);
    }
}
