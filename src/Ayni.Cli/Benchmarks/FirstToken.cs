using System.Diagnostics;
using System.Globalization;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>
/// The time from the start of a process to its first token of output: <c>ayni run</c> by this same program, and the peer's. A text is the
/// prompt on both sides, so that both read their tokenizer. The model's file is in the system's cache: whoever measures has just loaded it.
/// </summary>
internal static class FirstToken
{
    /// <summary>The prompt's length in tokens, the beginning of text included.</summary>
    public const int PromptTokens = 32;

    private const string Words = "the caravan left at dawn and crossed the dry river before noon while the guide told the young ones where water had been found "
        + "in the years of drought and which stars to follow home ";

    /// <summary>A text of so many tokens.</summary>
    public static string PromptFor(LlamaModel model)
    {
        var text = string.Concat(Enumerable.Repeat(Words, 4));
        var length = 1;
        while (length < text.Length && model.EncodePrompt(text[..length]).Length < PromptTokens)
            length++;
        return text[..length];
    }

    /// <summary>Seconds until <c>ayni run</c> prints its first token.</summary>
    public static double Measure(string model, string prompt, int threads, bool packCache)
    {
        var program = Environment.ProcessPath!;
        // Published, the program is its own; otherwise the dotnet command runs it.
        var isPublished = Path.GetFileNameWithoutExtension(program) != "dotnet";
        string[] arguments =
        [
            .. isPublished ? [] : (string[])[Environment.GetCommandLineArgs()[0]],
            "run", "--model", model, "--raw", "-n", "1", "--temperature", "0", "--ignore-eos", "--threads", threads.ToString(CultureInfo.InvariantCulture),
            .. packCache ? (string[])["--pack-cache"] : [],
            "--", prompt,
        ];
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        // The token may be empty text; the line's end follows it at once.
        var first = process.StandardOutput.Read();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.StandardOutput.ReadToEnd();
        var complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return first >= 0 && process.ExitCode == 0
            ? seconds
            : throw new UsageException($"ayni run, started to measure its first token, ended with code {process.ExitCode}. {complaint.Trim()}");
    }
}

/// <summary>Seconds to the first token, run by run.</summary>
/// <param name="Ours">Ours; at least one.</param>
/// <param name="Theirs">The peer's; empty where there is none.</param>
/// <param name="TheirNode">What of the peer's is Node.js.</param>
internal sealed record FirstTokenFigure(double[] Ours, double[] Theirs, double[] TheirNode)
{
    public double Median => BenchFigure.MedianOf(Ours);

    public double? PeerMedian => Theirs.Length == 0 ? null : BenchFigure.MedianOf(Theirs);

    public double? PeerNodeMedian => TheirNode.Length == 0 ? null : BenchFigure.MedianOf(TheirNode);

    /// <summary>Our time by the peer's: less is better.</summary>
    public double? Ratio => Median / PeerMedian;
}
