using System.Text.Json;

namespace Ayni.Llama;

/// <summary>
/// What Hugging Face's <c>tokenizer_config.json</c> says that matters: the tokens that open and end a text, whether a prompt opens with the
/// first, and the chat template. Each is null where the file doesn't say.
/// </summary>
internal sealed record TokenizerConfiguration(string? BeginOfText, string? EndOfText, bool? AddsBeginOfText, string? ChatTemplate)
{
    /// <summary>What a missing file says.</summary>
    public static TokenizerConfiguration None { get; } = new(null, null, null, null);

    /// <summary>
    /// Reads the files beside a tokenizer: <c>tokenizer_config.json</c> and, in which newer models keep their template,
    /// <c>chat_template.jinja</c>. Throws <see cref="ModelFormatException"/> and the file system's own exceptions.
    /// </summary>
    public static TokenizerConfiguration ReadBeside(string tokenizerPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(tokenizerPath))!;
        var path = Path.Combine(folder, "tokenizer_config.json");
        var configuration = File.Exists(path) ? Parse(path, TokenizerFile.ReadAll(path)) : None;
        var template = Path.Combine(folder, "chat_template.jinja");
        return File.Exists(template)
            ? configuration with { ChatTemplate = System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadAll(template)) }
            : configuration;
    }

    /// <summary>Reads the file's content.</summary>
    public static TokenizerConfiguration Parse(string path, byte[] content)
    {
        using var document = TokenizerJson.Parse(path, content);
        var root = new TokenizerJson(path, "", document.RootElement);
        return new TokenizerConfiguration(
            Token(root.Find("bos_token")), Token(root.Find("eos_token")), root.FindBoolean("add_bos_token"),
            Template(root.Find("chat_template")));
    }

    /// <summary>A token is its text, or an object that holds it.</summary>
    private static string? Token(TokenizerJson? token) =>
        token is { Element.ValueKind: JsonValueKind.Object } ? token.Require("content").Text() : token?.Text();

    /// <summary>A template, or the one called default among several.</summary>
    private static string? Template(TokenizerJson? template) => template is { Element.ValueKind: JsonValueKind.Array }
        ? template.Items().FirstOrDefault(one => one.FindText("name") == "default")?.FindText("template")
        : template?.Text();
}
