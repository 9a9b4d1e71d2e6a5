using System.Diagnostics;

namespace Ayni.Cli;

/// <summary>Shows how far loading has come, on a terminal and only if it takes longer than a second.</summary>
internal sealed class LoadProgress(string name) : IProgress<double>, IDisposable
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private bool _shown;

    public void Report(double value)
    {
        if (Console.IsErrorRedirected || _watch.Elapsed < TimeSpan.FromSeconds(1))
            return;
        _shown = true;
        Console.Error.Write($"\rLoading {name}: {value:P0} ");
    }

    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r" + new string(' ', name.Length + 20) + "\r");
    }
}
