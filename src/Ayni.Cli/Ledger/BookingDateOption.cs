using System.CommandLine;

namespace Ayni.Cli;

/// <summary>The option <c>--date</c>.</summary>
internal static class BookingDateOption
{
    /// <summary>The day on which a bank booked what is recorded.</summary>
    public static Option<string> Create() => new("--date")
    {
        Description = "The day the bank booked it.",
        HelpName = "DAY",
        Required = true,
    };
}
