using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary>
/// PyTorch beside us, in a process of its own that measures when it is told, so that measurements can alternate. Where the environment ties
/// its OpenBLAS to an older processor's kernels, a second process runs without that, and the faster of both counts.
/// </summary>
internal sealed class TorchPeer : IDisposable
{
    private static readonly string[] Ties = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

    private readonly List<Process> _processes = [];

    public string Version { get; private set; } = "";

    public static TorchPeer Start(string python, TrainingShape shape)
    {
        var peer = new TorchPeer();
        try
        {
            peer.Launch(python, shape, isTied: false);
            if (Ties.Any(name => Environment.GetEnvironmentVariable(name) is not null))
                peer.Launch(python, shape, isTied: true);
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <summary>The median of some steps' seconds.</summary>
    public double Median(int threads, int steps)
    {
        var best = double.PositiveInfinity;
        foreach (var process in _processes)
        {
            process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{threads} {steps}"));
            process.StandardInput.Flush();
            best = Math.Min(best, Read(process).GetProperty("seconds").GetDouble());
        }
        return best;
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(5000))
                process.Kill(entireProcessTree: true);
            process.Dispose();
        }
    }

    private void Launch(string python, TrainingShape shape, bool isTied)
    {
        var start = new ProcessStartInfo(python) { RedirectStandardInput = true, RedirectStandardOutput = true };
        int[] numbers =
        [
            shape.Dim, shape.Layers, shape.Heads, shape.KeyValueHeads, shape.Inner, shape.Vocabulary, shape.Context, shape.Batch,
            shape.Ties ? 1 : 0,
        ];
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "torch_train.py"));
        foreach (var number in numbers)
            start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        foreach (var name in isTied ? [] : Ties)
            start.Environment.Remove(name);
        var process = Process.Start(start)!;
        _processes.Add(process);
        Version = Read(process).GetProperty("version").GetString()!;
    }

    private static JsonElement Read(Process process)
    {
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("PyTorch ended; what it wrote is above.");
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
