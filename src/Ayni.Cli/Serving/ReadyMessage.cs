using System.Text.Json;
using Ayni.Host;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>What <c>serve</c> says once it serves.</summary>
/// <param name="Url">Where this machine reaches the host, without a slash at its end; OpenAI's clients want <c>/v1</c> behind it.</param>
/// <param name="Key">The text of a key issued by this start; null where none was.</param>
/// <param name="Model">The name clients call the model by.</param>
internal sealed record ReadyMessage(string Url, string? Key, string Model)
{
    private static string KeyVariable => OperatingSystem.IsWindows() ? "%AYNI_KEY%" : "$AYNI_KEY";

    public static ReadyMessage Of(AyniHost host, HostReady ready, IssuedKey? key) =>
        new(host.Address.GetLeftPart(UriPartial.Authority), key?.Text, ready.Model);

    /// <summary>One line of JSON, for scripts.</summary>
    public void WriteJson() => Output.WriteJson(writer => JsonSerializer.Serialize(writer, this, CliJson.Default.ReadyMessage));

    /// <summary>The same for people, with the keys there are and a command to try.</summary>
    public void Write(TextWriter writer, Books books)
    {
        writer.WriteLine($"Ayni serves {Model} at {Url}");
        writer.WriteLine();
        if (Key is not null)
        {
            writer.WriteLine($"API key: {Key}");
            writer.WriteLine("Keep it: it is shown this once, and only a hash of it is stored.");
        }
        else
        {
            var keys = books.ListKeys().Where(key => key.Revoked is null).Select(key => $"{key.Id} ({key.Label})");
            writer.WriteLine($"API keys: {string.Join(", ", keys.DefaultIfEmpty("none in force"))}");
            writer.WriteLine(
                "Their texts were shown when they were made. For another: ayni key create --customer ID, or ayni serve --new-key");
        }
        writer.WriteLine();
        writer.WriteLine(Key is null ? $"Try it, with a key in {KeyVariable}:" : "Try it:");
        writer.WriteLine(CurlLine());
        writer.WriteLine();
        writer.WriteLine("Ctrl-C ends it.");
    }

    /// <summary>A command that asks one question; it can be pasted as it is.</summary>
    private string CurlLine()
    {
        var model = JsonEncodedText.Encode(Model);
        var body = $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Hello!"}],"max_tokens":100}""";
        var quoted = OperatingSystem.IsWindows()
            ? $"\"{body.Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : $"'{body.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        var authorization = $"Authorization: Bearer {Key ?? KeyVariable}";
        return $"curl {Url}/v1/chat/completions -H \"{authorization}\" -H \"Content-Type: application/json\" -d {quoted}";
    }
}
