using Ayni.Cli;
using Ayni.Training;

namespace Ayni.EndToEnd.Tests;

public sealed class TrainingViewTests
{
    private static readonly TrainingProgress Late = new(
        11_999, 20_000, 0.1094, 7.0207, 0.075, 1e-3, 12_000_000, 14_013, TimeSpan.FromSeconds(3_700));

    [Theory]
    [InlineData(null, "step 11999/20000  loss 0.1094  validation 7.0207  gradient 0.075  14013 tokens/s  1:01:40 left\n")]
    [InlineData(120, "\rstep 11999/20000  loss 0.1094  validation 7.0207  gradient 0.075  14013 tokens/s  1:01:40 left\n")]
    [InlineData(80, "\r11999/20000  loss 0.1094  val 7.0207  grad 0.075  14013 tok/s  1:01:40 left\n")]
    [InlineData(20, "\r11999/20000  loss 0\n")]
    public void A_line_stays_within_the_terminal(int? columns, string expected)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var view = new TrainingView(output, columns is { } width ? () => width : null))
            view.Report(Late);
        Assert.Equal(expected, output.ToString());
    }

    [Fact]
    public void A_shorter_line_covers_the_one_that_it_is_written_over()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var view = new TrainingView(output, () => 100))
        {
            view.Report(Late with { ValidationLoss = null });
            view.Report(Late with { Step = 20_000, Steps = 20_000, TimeLeft = TimeSpan.Zero, ValidationLoss = null });
        }
        var lines = output.ToString().Split('\r');
        Assert.Equal(lines[1].Length, lines[2].TrimEnd('\n').Length);
        Assert.EndsWith("0:00 left   \n", lines[2], StringComparison.Ordinal);
    }
}
