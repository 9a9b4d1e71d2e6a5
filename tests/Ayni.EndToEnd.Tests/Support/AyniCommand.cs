using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Ayni.EndToEnd.Tests;

/// <summary>What a command did.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Its output as JSON.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);

    /// <summary>Its output's lines.</summary>
    public string[] Lines => Output.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Checks that it did what it was asked for.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Error}\n{Output}");
        return this;
    }

    /// <summary>Checks that it failed with one sentence that holds some words, and without a stack trace.</summary>
    public CommandResult Failed(string words)
    {
        Assert.True(ExitCode == 1, $"exit code {ExitCode}\n{Error}\n{Output}");
        Assert.Contains(words, Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Error, StringComparison.Ordinal);
        return this;
    }
}

/// <summary>Runs the built command line as a user does: in a process of its own.</summary>
internal static class AyniCommand
{
    /// <summary>Far more than any command needs, so that only one that hangs is ended.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The program of the same build configuration as these tests.</summary>
    private static string Program { get; } = FindProgram();

    public static Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    public static async Task<CommandResult> RunAsync(string[] arguments, string input, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, environment);
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>Starts a command whose caller ends it.</summary>
    public static Process Start(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            StandardErrorEncoding = Utf8,
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Remove("AYNI_KERNELS");
        // Short processes on a shared machine start sooner so.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static string FindProgram()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Ayni.Tests.Conformance.RepositoryRoot, "src", "Ayni.Cli", "bin", output.Parent!.Name, output.Name, "ayni.dll");
    }
}
