namespace Ayni.Tests;

/// <summary>A tiny model's file in a folder of its own, deleted with it.</summary>
internal sealed class TemporaryModel : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ayni-test-");

    public TemporaryModel(TinyModel model)
    {
        Path = System.IO.Path.Combine(_folder.FullName, "tiny.gguf");
        model.Save(Path);
    }

    public string Path { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}
