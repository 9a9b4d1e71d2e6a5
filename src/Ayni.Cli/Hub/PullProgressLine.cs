using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>Shows a pull on one line of a terminal: how much is here, how fast it comes and how long it will take.</summary>
internal sealed class PullProgressLine(string name) : IProgress<PullProgress>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);

    private readonly Lock _lock = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private TimeSpan _shown = TimeSpan.MinValue;
    private int _width;

    public void Report(PullProgress value)
    {
        if (Console.IsErrorRedirected)
            return;
        lock (_lock)
        {
            var elapsed = TimeProvider.System.GetElapsedTime(_start);
            if (elapsed - Interval < _shown && !value.IsChecking)
                return;
            _shown = elapsed;
            var text = Line(value, elapsed);
            Console.Error.Write("\r" + text.PadRight(_width));
            _width = text.Length;
        }
    }

    public void Dispose()
    {
        if (_width > 0)
            Console.Error.Write("\r" + new string(' ', _width) + "\r");
    }

    private string Line(PullProgress value, TimeSpan elapsed)
    {
        var share = value.BytesTotal == 0 ? 1 : (double)value.BytesDone / value.BytesTotal;
        var text = $"Pulling {name}: {share:P0} of {value.BytesTotal / 1e6:N0} MB";
        if (value.IsChecking)
            return $"{text}, checking";
        var rate = value.BytesReceived / Math.Max(0.001, elapsed.TotalSeconds);
        if (elapsed < TimeSpan.FromSeconds(1) || rate < 1)
            return text;
        var left = TimeSpan.FromSeconds(Math.Min((value.BytesTotal - value.BytesDone) / rate, TimeSpan.FromDays(99).TotalSeconds));
        return $"{text}, {rate / 1e6:N1} MB/s, {(left.TotalHours >= 1 ? $"{(int)left.TotalHours}:{left:mm\\:ss}" : $"{left:m\\:ss}")} left";
    }
}
