namespace Ayni.Training.Tests;

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("ayni-training-").FullName;

    public string PathOf(params string[] parts) => Path.Combine([_path, .. parts]);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}

/// <summary>A file for one test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.PathOf("file.safetensors");

    public void Dispose() => _folder.Dispose();
}
