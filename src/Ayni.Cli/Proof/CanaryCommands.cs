using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni audit canary</c>: uses a host as a customer, keeps the receipts, and sees later whether they were counted.</summary>
internal static class CanaryCommands
{
    private const int MostRequests = 10_000, MostMinutes = 7 * 24 * 60;

    public static Command Create()
    {
        var host = new Option<string?>("--host") { Description = "The host's address, such as https://host.example/.", HelpName = "URL" };
        var model = new Option<string?>("--model") { Description = "The model to ask.", HelpName = "NAME" };
        var keyFile = new Option<string?>("--key-file") { Description = "A file with the canary's API key, which only you may read.", HelpName = "FILE" };
        var prompts = new Option<string?>("--prompts")
        {
            Description = "A file with prompts, one a line: your own, since a canary that asks as all others do is known by it.",
            HelpName = "FILE",
        };
        var most = new Option<int>("--most")
        {
            Description = "The most requests; how many there are, from 1 on, is left to chance.",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };
        var minutes = new Option<int>("--minutes")
        {
            Description = "Ask at random moments within so many minutes; at once if 0.",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
        };
        var tokens = new Option<int>("--max-tokens") { Description = "The most tokens of an answer.", HelpName = "N", DefaultValueFactory = _ => 32 };
        var to = new Option<string>("--to")
        {
            Description = "The file to which receipts are added.",
            HelpName = "FILE",
            DefaultValueFactory = _ => "canaries.jsonl",
        };
        var command = new Command(
            "canary",
            """
            Use a host as any customer does, at random moments, and keep the receipts: their use must appear in the log, in the month's bundle and in your
            statement. 'ayni audit canary check' sees to that later. The host must not know the key from others; have it bought by somebody else.

            Examples:
              ayni audit canary --host https://host.example/ --model bard --key-file canary.key --prompts prompts.txt --minutes 600
              ayni audit canary check canaries.jsonl --key log.pub --log https://host.example/log/ --bundle november
            """)
        {
            host, model, keyFile, prompts, most, minutes, tokens, to,
            CreateCheck(),
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var (address, name, secret, file) = (result.GetValue(host), result.GetValue(model), result.GetValue(keyFile), result.GetValue(prompts));
            if (address is null || name is null || secret is null || file is null)
                throw new UsageException("Give --host, --model, --key-file and --prompts.");
            if (!Uri.TryCreate(address.EndsWith('/') ? address : address + "/", UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
                throw new UsageException($"'{address}' is no address of the web.");
            var lines = (await File.ReadAllLinesAsync(file, cancellationToken).ConfigureAwait(false)).Where(line => !string.IsNullOrWhiteSpace(line)).ToArray();
            if (lines.Length == 0)
                throw new UsageException($"'{file}' has no prompts.");
            var key = (await File.ReadAllTextAsync(secret, cancellationToken).ConfigureAwait(false)).Trim();
            var limit = Within("--most", result.GetValue(most), 1, MostRequests);
            var span = TimeSpan.FromMinutes(Within("--minutes", result.GetValue(minutes), 0, MostMinutes));
            var answer = Within("--max-tokens", result.GetValue(tokens), 1, 100_000);
            await AskAsync(
                url, key, name, lines, Moments(limit, span), answer, result.GetValue(to)!, cancellationToken).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static Command CreateCheck()
    {
        var file = new Argument<string>("file") { Description = "The file of receipts that 'ayni audit canary' made." };
        var key = new Option<string?>("--key") { Description = "The log's key, from somewhere you trust.", HelpName = "KEY" };
        var log = new Option<string?>("--log") { Description = "The host's log: its address, or a folder.", HelpName = "URL|DIR" };
        var bundles = new Option<string[]>("--bundle")
        {
            Description = "A month's bundle, which must count the month's receipts. May be given several times.",
            HelpName = "DIR",
            DefaultValueFactory = _ => [],
        };
        var command = new Command(
            "check",
            """
            Check that every request of a canary was counted: a signed receipt of the right model and tokens, each another one, in the log, and in the
            month's bundle. Names what is missing, and fails then. A receipt that was not counted is evidence.

            Example:
              ayni audit canary check canaries.jsonl --key log.pub --log https://host.example/log/ --bundle november
            """)
        {
            file, key, log, bundles,
        };
        command.SetAction(result =>
        {
            var logKey = result.GetValue(key) is { } text ? VerifyCommand.ReadKey(text) : null;
            using var source = result.GetValue(log) is { } place ? LogSource.Open(place) : null;
            var now = TimeProvider.System.GetUtcNow();
            var months = result.GetValue(bundles)!.Select(folder => AuditVerifier.Verify(folder, logKey, source?.Reader, now)).ToList();
            return Check(File.ReadLines(result.GetValue(file)!), logKey, source?.Reader, months, now);
        });
        return command;
    }

    private static int Check(
        IEnumerable<string> lines, PublicKey? logKey, LogReader? log, List<AuditedPeriod> months, DateTimeOffset now)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var (number, counted, uncounted) = (0, 0, 0);
        var open = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                var check = Canary.Parse(line).Check(logKey, log, months, now);
                if (!seen.Add(check.ReceiptId))
                    throw new ProofException(ProofCheck.Inclusion, $"The host gave {check.ReceiptId} for another request, too.");
                if (log is null)
                    open.Add("That the log holds them: give it with --log.");
                if (months.All(month => month.Period != check.Period))
                    open.Add($"That {check.Period} counts them: give its bundle with --bundle.");
                counted++;
            }
            catch (ProofException error)
            {
                uncounted++;
                Console.Out.WriteLine(TerminalText.Clean(string.Create(CultureInfo.InvariantCulture, $"NOT COUNTED, line {number}: {error.Message}")));
            }
        }
        if (counted + uncounted == 0)
            throw new UsageException("The file has no requests.");
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Proven: {counted} of {counted + uncounted} requests have a signed receipt of the right model and tokens, each another one"
            + $"{(log is null ? "" : ", in the log")}{(months.Count == 0 ? "" : ", counted in the months given")}."));
        foreach (var sentence in open)
            Console.Out.WriteLine($"Not proven: {sentence}");
        return uncounted == 0 ? 0 : 1;
    }

    /// <summary>Random moments within a span, in order; how many is random, too.</summary>
    private static List<TimeSpan> Moments(int most, TimeSpan span) =>
    [
        .. Enumerable.Range(0, RandomNumberGenerator.GetInt32(1, most + 1))
            .Select(_ => TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)span.TotalMilliseconds + 1))).Order(),
    ];

    private static async Task AskAsync(
        Uri host, string key, string model, string[] prompts, List<TimeSpan> moments, int mostTokens, string to,
        CancellationToken cancellationToken)
    {
        using var client = new CanaryClient(host, key);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < moments.Count; i++)
        {
            if (moments[i] - TimeProvider.System.GetElapsedTime(start) is { Ticks: > 0 } wait)
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            var prompt = prompts[RandomNumberGenerator.GetInt32(prompts.Length)];
            var canary = await client.AskAsync(model, prompt, mostTokens, TimeProvider.System.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            // Whatever happens next, what was asked is kept.
            await File.AppendAllTextAsync(to, canary.ToLine() + "\n", cancellationToken).ConfigureAwait(false);
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{i + 1}/{moments.Count} asked: {canary.PromptTokens} and {canary.GeneratedTokens} tokens, kept in {TerminalText.Clean(to)}"))
                .ConfigureAwait(false);
        }
    }

    private static int Within(string option, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} is from {least} to {most}, not {value}."));
}
