using System.Diagnostics;

namespace Ayni.Bench;

/// <summary>
/// Times work by the processor time this process used, its garbage collections included, so that whatever else the machine does counts
/// little; the median of several runs.
/// </summary>
internal static class Clock
{
    /// <summary>Seconds of processor time that one run takes, the median, after one run that warms up.</summary>
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
}
