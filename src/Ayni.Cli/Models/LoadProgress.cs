using System.Diagnostics;

namespace Ayni.Cli;

/// <summary>Shows how far work on a file has come, on a terminal and only if it takes longer than a second.</summary>
internal sealed class LoadProgress(string verb, string name) : IProgress<double>, IDisposable
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private bool _shown;

    public void Report(double value)
    {
        if (Console.IsErrorRedirected || _watch.Elapsed < TimeSpan.FromSeconds(1))
            return;
        _shown = true;
        Console.Error.Write($"\r{verb} {name}: {value:P0} ");
    }

    public void Dispose()
    {
        if (_shown)
            Console.Error.Write("\r" + new string(' ', verb.Length + name.Length + 12) + "\r");
    }
}
