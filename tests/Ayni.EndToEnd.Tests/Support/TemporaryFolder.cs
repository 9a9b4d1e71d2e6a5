using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ayni-test-");

    /// <summary>The path of something in it.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file into it and returns the path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>Writes a model into it and returns the path.</summary>
    public string Write(TinyModel model, string name = "tiny.gguf")
    {
        model.Save(PathOf(name));
        return PathOf(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
