using System.Diagnostics;

namespace Ayni.Bench;

/// <summary>
/// Times work so that whatever else the machine does counts little.
/// </summary>
internal static class Clock
{
    /// <summary>
    /// Seconds of processor time that one run takes, garbage collections included: the median, after one run that warms up.
    /// </summary>
    /// <param name="runs">Runs that count.</param>
    /// <param name="prepare">What happens before each run and is not timed.</param>
    /// <param name="run">The work.</param>
    public static double Median(int runs, Action prepare, Action run)
    {
        prepare();
        run();
        var seconds = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            prepare();
            GC.Collect();
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            run();
            seconds[i] = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
        }
        Array.Sort(seconds);
        return seconds[runs / 2];
    }

    /// <summary>Seconds that the fastest of some runs takes.</summary>
    public static double Best(int runs, Action run)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
