using System.Diagnostics;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>
/// llama.cpp itself, through the npm package <c>node-llama-cpp</c>, in a process that loads and computes what it is told. The environment
/// variable <c>AYNI_LLAMA_CPP</c> names the folder with its <c>node_modules</c>.
/// </summary>
public sealed class LlamaCpp : IDisposable
{
    private Process? _process;

    /// <summary>The folder with <c>node_modules</c>; null where there is none, or no Node.js.</summary>
    public static string? Folder { get; } =
        Environment.GetEnvironmentVariable("AYNI_LLAMA_CPP") is { Length: > 0 } folder
        && Directory.Exists(Path.Combine(folder, "node_modules", "node-llama-cpp")) && HasNode() ? folder : null;

    /// <summary>What llama.cpp makes of a model.</summary>
    /// <param name="Tokens">A text's tokens, specials left as text.</param>
    /// <param name="Scores">The log-probability of each token but the first after those before it.</param>
    /// <param name="Last">The log-probabilities of all tokens after the last, <c>[vocabulary]</c>.</param>
    /// <param name="Greedy">The most probable tokens that follow.</param>
    public sealed record Answer(int[] Tokens, double[] Scores, double[] Last, int[] Greedy);

    /// <summary>Loads a GGUF file and computes some tokens and what follows them.</summary>
    public Answer Compute(string model, string text, int[] ids, int more)
    {
        _process ??= Start();
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(new { model, text, ids, more }));
        _process.StandardInput.Flush();
        var said = new List<string>();
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            // Its libraries may write other things.
            if (!line.StartsWith('{'))
            {
                said.Add(line);
                continue;
            }
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            Assert.False(root.TryGetProperty("error", out var error), $"llama.cpp does not take {model}: {error}");
            return new Answer(
                ReferenceModel.Integers(root.GetProperty("tokens")), Numbers(root.GetProperty("scores")), Numbers(root.GetProperty("last")),
                ReferenceModel.Integers(root.GetProperty("greedy")));
        }
        var code = _process.WaitForExit(10_000) ? _process.ExitCode : 0;
        _process.Dispose();
        _process = null;
        throw new InvalidOperationException($"llama.cpp ended over {model} with {code}. {string.Join('\n', said)}");
    }

    public void Dispose()
    {
        if (_process is null)
            return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static bool HasNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "node.exe" : "node")));

    private static Process Start()
    {
        var start = new ProcessStartInfo("node") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(Conformance.RepositoryRoot, "tests", "Ayni.Llama.Tests", "Peers", "llama-cpp.mjs"));
        start.ArgumentList.Add(Folder!);
        return Process.Start(start)!;
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetDouble())];
}

/// <summary>A theory that runs llama.cpp; reported as skipped where it is not at hand.</summary>
internal sealed class LlamaCppTheoryAttribute : TheoryAttribute
{
    public LlamaCppTheoryAttribute()
    {
        if (LlamaCpp.Folder is null)
            Skip = "AYNI_LLAMA_CPP names no folder with node_modules/node-llama-cpp, or there is no Node.js";
        else if (Conformance.Folder is null)
            Skip = "../shared/conformance is not here";
    }
}
