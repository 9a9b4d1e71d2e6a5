using System.Globalization;

namespace Ayni.Llama;

/// <summary>Chooses which files of a repository make a model.</summary>
internal static class HubSelection
{
    private const string UsualQuantization = "Q4_K_M";
    private const string Safetensors = "safetensors";
    private const int NamesShown = 8;

    /// <summary>What a Hugging Face folder needs beside its weights.</summary>
    private static readonly string[] FolderFiles =
    [
        "config.json", "generation_config.json", "model.safetensors.index.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "special_tokens_map.json", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>
    /// The files a selector means: those of a quantization, the file of a path, with all its parts if it is split, or <c>safetensors</c>
    /// for the folder's weights. Without one: the GGUF file in Q4_K_M, else the first, as llama.cpp has it; else safetensors.
    /// </summary>
    /// <exception cref="HubException">There is no such file, several, or a part is missing.</exception>
    public static IReadOnlyList<HubFile> Pick(HubRepository repository)
    {
        var models = repository.Files
            .Select(file => (File: file, Name: GgufFileName.Parse(file.Path)))
            .Where(model => model.Name is not null)
            .GroupBy(model => model.Name!.Stem, StringComparer.Ordinal)
            .ToList();
        var selector = repository.Reference.Selector;
        if (selector is null)
        {
            var usual = models.FirstOrDefault(model => model.First().Name!.Quantization == UsualQuantization) ?? models.FirstOrDefault();
            return usual is null ? Folder(repository) : Whole(repository, usual);
        }
        if (selector.Equals(Safetensors, StringComparison.OrdinalIgnoreCase))
            return Folder(repository);
        if (models.FirstOrDefault(model => model.Any(part => part.File.Path == selector)) is { } named)
            return Whole(repository, named);
        if (repository.Files.FirstOrDefault(file => file.Path == selector) is { } any)
            return [any];
        var chosen = models.Where(model => selector.Equals(model.First().Name!.Quantization, StringComparison.OrdinalIgnoreCase)).ToList();
        return chosen switch
        {
            [var only] => Whole(repository, only),
            [] => throw NotFound(repository, selector),
            _ => throw new HubException(
                HubFailure.NotFound,
                $"{repository.Reference.Repository} has several files in {selector}; "
                + $"name one: {string.Join(", ", chosen.Select(model => model.First().File.Path))}."),
        };
    }

    private static List<HubFile> Whole(HubRepository repository, IGrouping<string, (HubFile File, GgufFileName? Name)> model)
    {
        var parts = model.OrderBy(part => part.Name!.Part).ToList();
        var count = parts[0].Name!.Parts;
        var expected = Enumerable.Range(1, count).Select(part => (part, count));
        if (count > 0 && !parts.Select(part => (part.Name!.Part, part.Name.Parts)).SequenceEqual(expected))
        {
            throw new HubException(
                HubFailure.Invalid,
                $"{repository.Reference.Repository}: of the {count.ToString(CultureInfo.InvariantCulture)} parts of {model.Key} some are missing.");
        }
        return [.. parts.Select(part => part.File)];
    }

    private static List<HubFile> Folder(HubRepository repository)
    {
        var root = repository.Files.Where(file => !file.Path.Contains('/', StringComparison.Ordinal)).ToList();
        var weights = root.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)
            && !file.Path.StartsWith("consolidated", StringComparison.Ordinal)).ToList();
        if (weights.Count == 0)
        {
            throw new HubException(
                HubFailure.NotFound,
                $"{repository.Reference.Repository} has no model that Ayni runs: neither a GGUF file nor safetensors. "
                + Near(repository, "model.gguf"));
        }
        return [.. weights, .. root.Where(file => FolderFiles.Contains(file.Path))];
    }

    private static HubException NotFound(HubRepository repository, string selector)
    {
        var quantizations = repository.Files.Select(file => GgufFileName.Parse(file.Path)?.Quantization).OfType<string>().Distinct().ToList();
        var inThese = quantizations.Count == 0 ? "" : $" It has {string.Join(", ", quantizations.Take(4 * NamesShown))}.";
        return new HubException(
            HubFailure.NotFound,
            $"{repository.Reference.Repository} has no file and no quantization {selector}.{inThese} {Near(repository, selector)}");
    }

    private static string Near(HubRepository repository, string name)
    {
        if (repository.Files.Count == 0)
            return "It has no files.";
        var near = repository.Files.Select(file => file.Path).OrderBy(path => Distance(path, name)).Take(NamesShown);
        return $"Its files are{(repository.Files.Count > NamesShown ? " among others" : "")} {string.Join(", ", near)}.";
    }

    /// <summary>How many characters must be changed, added or dropped to make one text of the other, in any case (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < b.Length; j++)
            {
                var change = diagonal + (char.ToUpperInvariant(a[i]) == char.ToUpperInvariant(b[j]) ? 0 : 1);
                (diagonal, row[j + 1]) = (row[j + 1], Math.Min(change, Math.Min(row[j], row[j + 1]) + 1));
            }
        }
        return row[^1];
    }
}
