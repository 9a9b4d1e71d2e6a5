using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>Models of random weights for measuring, written once and kept in the user's cache folder.</summary>
internal static class SyntheticModels
{
    /// <summary>The file of a shape and type such as <c>llama-3.2-1b:Q4_0</c>.</summary>
    public static string Find(string name, int workers, CancellationToken cancellationToken)
    {
        var (shape, mix) = SynthCommand.Parse(name);
        var folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "ayni", "synthetic");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{shape.Name}-{mix.Name}.gguf");
        if (!File.Exists(path))
        {
            using var progress = new LoadProgress("Writing", Path.GetFileName(path));
            ModelSynthesizer.Write(shape, mix, path, seed: 0, workers, progress, cancellationToken);
        }
        return path;
    }
}
