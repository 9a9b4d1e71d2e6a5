using Ayni.Cli;

namespace Ayni.EndToEnd.Tests;

/// <summary>A failure is a sentence: of what was wished for, or of Ayni itself, whose place is shown to who asks for it.</summary>
public sealed class DefectTests
{
    [Fact]
    public void What_cannot_be_done_is_told_as_it_is() =>
        Assert.Equal((1, "no such thing"), CommandLine.Tell(new UsageException("no such thing"), showsTrace: true));

    [Fact]
    public void A_defect_is_named_without_its_place_and_says_how_to_report_it()
    {
        var (exitCode, text) = CommandLine.Tell(Thrown(), showsTrace: false);
        Assert.Equal(70, exitCode);
        Assert.Equal("a defect of Ayni: InvalidOperationException: It broke. Please report it with what AYNI_TRACE=1 shows.", text);
    }

    [Fact]
    public void Who_asks_is_shown_where_a_defect_is() =>
        Assert.Contains($"at {typeof(DefectTests).FullName}.{nameof(Thrown)}", CommandLine.Tell(Thrown(), showsTrace: true).Text, StringComparison.Ordinal);

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("It broke.");
        }
        catch (InvalidOperationException error)
        {
            return error;
        }
    }
}
