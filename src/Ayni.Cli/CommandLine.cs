using System.CommandLine;
using System.Globalization;
using System.Text;
using Ayni.Host;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary>A wish that cannot be met as it was said: shown as one sentence, without a stack trace.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Runs the command line: one way from arguments to an exit code, whatever goes wrong.</summary>
internal static class CommandLine
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    /// <summary>EX_SOFTWARE of sysexits.</summary>
    private const int Defect = 70;

    /// <summary>The variable of the environment that lets a defect show where it is.</summary>
    private const string TraceVariable = "AYNI_TRACE";

    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        // Scripts read what we write: UTF-8, and the same numbers in every country.
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
            var arguments = root.Parse(args);
            if (UnknownCommand.Explain(arguments) is { } explanation)
                throw new UsageException(explanation);
            return await arguments.InvokeAsync(configuration).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (Exception error)
        {
            var (exitCode, text) = Tell(error, Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 });
            Console.Error.WriteLine($"ayni: {text}");
            return exitCode;
        }
    }

    /// <summary>
    /// What a failure ends in: the exit code, and a sentence for the terminal; of a defect, where it is, if that is asked for.
    /// </summary>
    internal static (int ExitCode, string Text) Tell(Exception error, bool showsTrace)
    {
        if (IsExpected(error))
            return (Failed, TerminalText.Clean(error.Message));
        return (Defect, showsTrace
            ? error.ToString()
            : $"a defect of Ayni: {error.GetType().Name}: {TerminalText.Clean(error.Message)} Please report it with what {TraceVariable}=1 shows.");
    }

    /// <summary>
    /// Failures of input, files and network, whose message says all; anything else is a defect.
    /// </summary>
    private static bool IsExpected(Exception error) =>
        error is UsageException or LedgerException or LicenceRefusedException or KeyPolicyException or ModelFormatException or HubException or ContextLengthExceededException
            or ChatFormatException or LogitsException or DraftModelException or UnsupportedCacheTypeException or BatchException or TrainingException
            or IOException or UnauthorizedAccessException;
}
