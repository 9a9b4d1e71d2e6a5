namespace Ayni.Llama;

/// <summary>What lies beside the weights in a model's folder.</summary>
internal static class FolderFiles
{
    private const int TemplateBytes = 1 << 20;

    private static readonly string[] TermsNames = ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY"];

    private static readonly string[] TokenizerNames = ["tokenizer.model", "tokenizer.json"];

    /// <summary>The path of a file of the folder, or null where it is not there.</summary>
    public static string? Find(string folder, string name) =>
        System.IO.Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;

    /// <summary>The tokenizer's file, or null where the folder has none.</summary>
    public static string? FindTokenizer(string folder) =>
        TokenizerNames.Select(name => Find(folder, name)).FirstOrDefault(path => path is not null);

    /// <summary>The folder's own name.</summary>
    public static string NameOf(string folder) => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder)));

    /// <summary>
    /// The chat template: of <c>chat_template.jinja</c>, or of <c>tokenizer_config.json</c>, where it is a text or one of several named
    /// ones.
    /// </summary>
    public static string? ReadChatTemplate(string folder)
    {
        if (Find(folder, "chat_template.jinja") is { } path)
        {
            return new FileInfo(path).Length <= TemplateBytes
                ? File.ReadAllText(path)
                : throw new ModelFormatException(path, -1, "length", $"a template of more than {TemplateBytes} bytes");
        }
        if (Find(folder, "tokenizer_config.json") is not { } configPath)
            return null;
        var config = JsonFields.Read(configPath);
        return config.Has("chat_template", System.Text.Json.JsonValueKind.Array)
            ? config.Objects("chat_template").FirstOrDefault(item => item.FindString("name") == "default")?.FindString("template")
            : config.FindString("chat_template");
    }

    /// <summary>Copies a file into a folder that is being written; false where there is none.</summary>
    public static bool Copy(string folder, string name, OutputFolder target)
    {
        if (!Directory.Exists(folder) || Find(folder, name) is not { } path)
            return false;
        File.Copy(path, target.PathOf(name));
        return true;
    }

    /// <summary>Copies a model's terms, which have to go with it.</summary>
    public static void CopyTerms(string folder, OutputFolder target)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var name = System.IO.Path.GetFileName(path);
            if (TermsNames.Any(start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
                File.Copy(path, target.PathOf(name), overwrite: true);
        }
    }

    /// <summary>
    /// Refuses a tokenizer with ids that the model has no weights for; a model may have more than the tokenizer, as padding.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokenizer">The tokenizer, or null for none.</param>
    /// <param name="vocabularySize">The ids that the model has weights for.</param>
    /// <param name="embedding">What the tensor is called here that has a row for each of them.</param>
    public static void CheckVocabulary(string folder, Tokenizer? tokenizer, int vocabularySize, string embedding)
    {
        if (tokenizer is not null && tokenizer.VocabularySize > vocabularySize)
        {
            throw new ModelFormatException(
                FindTokenizer(folder)!, -1, "vocabulary", $"{tokenizer.VocabularySize} tokens, and the model has weights for {vocabularySize} only, the rows of {embedding}");
        }
    }
}
