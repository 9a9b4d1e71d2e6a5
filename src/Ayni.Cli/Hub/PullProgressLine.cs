using System.Globalization;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>
/// Shows a pull on one line of a terminal: how much is here, how fast it comes and how long it will take. What failed and is tried again
/// gets a line of its own, wherever errors go.
/// </summary>
internal sealed class PullProgressLine(string name) : IProgress<PullProgress>, IProgress<HubWait>, IDisposable
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

    public void Report(HubWait value)
    {
        lock (_lock)
        {
            Clear();
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{value.Problem}; attempt {value.Attempt} of {value.Attempts} in {value.Delay.TotalSeconds:0.#} s."));
        }
    }

    public void Dispose() => Clear();

    private void Clear()
    {
        if (_width > 0)
            Console.Error.Write("\r" + new string(' ', _width) + "\r");
        _width = 0;
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
