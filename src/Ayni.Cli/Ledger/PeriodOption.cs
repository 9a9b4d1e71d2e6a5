using System.CommandLine;

namespace Ayni.Cli;

/// <summary>The month on the command line.</summary>
internal static class PeriodOption
{
    /// <summary><c>--period 2026-11</c>.</summary>
    public static Option<string?> Create(string description) => new("--period") { Description = description, HelpName = "YYYY-MM" };
}
