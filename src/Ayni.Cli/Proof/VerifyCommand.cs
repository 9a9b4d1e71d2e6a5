using System.CommandLine;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni verify</c>: checks a receipt or a statement without trusting whoever wrote it.</summary>
internal static class VerifyCommand
{
    private const int MostBytes = 16 << 20;

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The JSON of a receipt, a statement or an absence with its proof; - reads standard input." };
        var key = new Option<string?>("--key")
        {
            Description = "The log's key, from somewhere you trust: NAME+ID+BASE64, or a file that holds it.",
            HelpName = "KEY",
        };
        var log = new Option<string?>("--log")
        {
            Description = "The host's log: its address, or a folder with a copy. Shows what a proof alone can't.",
            HelpName = "URL|DIR",
        };
        var witness = new Option<string[]>("--witness")
        {
            Description = "A witness's key; the log's checkpoint must have its cosignature. May be given several times.",
            HelpName = "KEY",
            DefaultValueFactory = _ => [],
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object, for scripts." };
        var command = new Command(
            "verify",
            """
            Check a receipt, a statement or a receipt's absence against its proof, without a ledger and without trusting the host, and say what
            was proven and what was not. Fails if anything is other than it must be.

            Examples:
              ayni verify receipt.json --key example.com/ayni+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
              ayni verify receipt.json --key log.pub --log http://localhost:8080/log/
              curl -s -H "Authorization: Bearer $KEY" http://localhost:8080/api/receipts/ID | ayni verify -
            """)
        {
            file, key, log, witness, json,
        };
        command.SetAction(result =>
        {
            var bytes = ReadBounded(result.GetValue(file)!);
            using var source = result.GetValue(log) is { } place ? LogSource.Open(place) : null;
            var verification = ProofVerifier.Verify(
                bytes, result.GetValue(key) is { } text ? ReadKey(text) : null, source?.Reader,
                [.. result.GetValue(witness)!.Select(ReadKey)], TimeProvider.System.GetUtcNow());
            if (result.GetValue(json))
                Output.WriteJson(writer => Write(verification, writer));
            else
                Show(verification);
            return 0;
        });
        return command;
    }

    public static void Show(Verification verification)
    {
        foreach (var sentence in verification.Proven)
            Console.Out.WriteLine(TerminalText.Clean($"Proven: {sentence}"));
        foreach (var sentence in verification.NotProven)
            Console.Out.WriteLine(TerminalText.Clean($"Not proven: {sentence}"));
    }

    /// <summary>A verifier key as it is or in a file.</summary>
    public static PublicKey ReadKey(string text) =>
        PublicKey.Parse(File.Exists(text) ? System.Text.Encoding.UTF8.GetString(ReadBounded(text)).Trim() : text);

    private static byte[] ReadBounded(string path)
    {
        using var stream = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is var count and > 0)
        {
            if (bytes.Length + count > MostBytes)
                throw new UsageException($"{path} has more than {MostBytes:N0} bytes; no proof is as long.");
            bytes.Write(buffer, 0, count);
        }
        return bytes.ToArray();
    }

    private static void Write(Verification verification, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        WriteSentences(writer, "proven", verification.Proven);
        WriteSentences(writer, "not_proven", verification.NotProven);
        writer.WriteEndObject();
    }

    private static void WriteSentences(Utf8JsonWriter writer, string name, IEnumerable<string> sentences)
    {
        writer.WriteStartArray(name);
        foreach (var sentence in sentences)
            writer.WriteStringValue(sentence);
        writer.WriteEndArray();
    }
}
