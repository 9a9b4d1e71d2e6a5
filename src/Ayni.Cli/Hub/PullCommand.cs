using System.CommandLine;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni pull</c>: downloads a model from a hub.</summary>
internal static class PullCommand
{
    private const string HubVariable = "HF_ENDPOINT";
    private const string TokenVariable = "HF_TOKEN";
    private const int MostTokenCharacters = 4096;

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "OWNER/NAME, and perhaps :QUANTIZATION, :FILE or :safetensors." };
        var hub = new Option<string?>("--hub")
        {
            Description = $"A hub with Hugging Face's interface; {HubVariable} or {HubOptions.DefaultHub} if not given.",
            HelpName = "URL",
        };
        var tokenFile = new Option<string?>("--token-file")
        {
            Description = $"A file that holds your token of the hub, for private and gated models; {TokenVariable} if not given.",
            HelpName = "FILE",
        };
        var connections = new Option<int>("--connections")
        {
            Description = "Parts of a file downloaded at the same time.",
            HelpName = "N",
            DefaultValueFactory = _ => new HubOptions().Connections,
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command(
            "pull",
            $"""
            Download a model from a hub into the shared models folder (AYNI_MODELS, here {ModelStore.OfUser().Folder}).
            A download that was broken off goes on where it ended; every file is checked against the hub's digest.

            Examples:
              ayni pull unsloth/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
              ayni pull meta-llama/Llama-3.2-1B        (accept its licence on the hub's page first, and set {TokenVariable})
              ayni run --model unsloth/Llama-3.2-1B-Instruct-GGUF:Q4_K_M "Why is the sky blue?"
            """)
        {
            model, hub, tokenFile, connections, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var reference = HubNames.Parse(result.GetValue(model)!);
            var options = new HubOptions
            {
                Hub = HubAddress(result.GetValue(hub)),
                Token = Token(result.GetValue(tokenFile)),
                Connections = result.GetValue(connections) is >= 1 and <= 64 and var count
                    ? count
                    : throw new UsageException($"--connections {result.GetValue(connections)}: expected 1 to 64."),
            };
            StoredModel stored;
            using (var progress = new PullProgressLine(reference.ToString()))
            {
                using var client = new HubClient(options, TimeProvider.System, progress);
                var puller = new HubPuller(client, ModelStore.OfUser(), TimeProvider.System);
                stored = await puller.PullAsync(reference, progress, cancellationToken).ConfigureAwait(false);
            }

            if (result.GetValue(json))
            {
                Output.WriteJson(writer => ModelsCommand.Listing.WriteJson(PulledModel.From(stored), writer));
                return 0;
            }
            Console.Out.WriteLine(stored.Path);
            var license = stored.License is { } name ? $"licence {name}, its terms: " : "its terms: ";
            var page = $"{options.Hub.ToString().TrimEnd('/')}/{reference.Repository}";
            Console.Error.WriteLine($"{stored.Reference}: {stored.Bytes:N0} bytes; {license}{page}");
            Console.Error.WriteLine($"Run it: ayni run --model {stored.Reference} \"Why is the sky blue?\"");
            return 0;
        });
        return command;
    }

    private static Uri HubAddress(string? given)
    {
        var text = given ?? Environment.GetEnvironmentVariable(HubVariable);
        if (string.IsNullOrEmpty(text))
            return HubOptions.DefaultHub;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new UsageException($"{(given is null ? HubVariable : "--hub")}: '{text}' is no address such as {HubOptions.DefaultHub}.");
    }

    /// <summary>The token from a file or the environment. Messages about it never hold it.</summary>
    private static string? Token(string? file)
    {
        if (file is null)
            return Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token ? token.Trim() : null;
        if (new FileInfo(file).Length > MostTokenCharacters)
            throw new UsageException($"--token-file {file}: a token is not that long.");
        return File.ReadAllText(file).Trim();
    }
}
