namespace Ayni.Training;

/// <summary>How the documents of a source are written.</summary>
public enum DataFormat
{
    /// <summary>By the ending of each file: <c>.txt</c> is text; a <c>.jsonl</c> is chat if its lines have <c>messages</c>.</summary>
    Auto,

    /// <summary>Each file is one document in UTF-8.</summary>
    Text,

    /// <summary>Each line is <c>{"text": "…"}</c>, a document.</summary>
    JsonLines,

    /// <summary>Each line is <c>{"messages": [{"role": "…", "content": "…"}, …]}</c>, a conversation (OpenAI's fine-tuning
    /// format).</summary>
    Chat,

    /// <summary>Each line is <c>{"prompt": …, "chosen": …, "rejected": …}</c>, two answers of which the first is preferred.</summary>
    Preferences,
}

/// <summary>Which documents are left out because one before them, of any source, says the same.</summary>
public enum DuplicatePolicy
{
    /// <summary>Those that say the same, and those that say nearly the same (MinHash).</summary>
    Near,

    /// <summary>Those that say the same.</summary>
    Exact,
}

/// <summary>Something to learn from: where it is, how it is written, and whose it is.</summary>
public sealed record DataSource
{
    /// <summary>A name of its own in its recipe.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// A file, a folder with <c>.txt</c> and <c>.jsonl</c> files at any depth, or a pattern with <c>*</c> and <c>**</c>. Hidden files and
    /// folders are passed over, and so are folders that are links.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>How it is written.</summary>
    public DataFormat Format { get; init; }

    /// <summary>The licence it is under, as an SPDX identifier.</summary>
    public required string Licence { get; init; }

    /// <summary>Where it is from, in words or as an address.</summary>
    public required string Origin { get; init; }

    /// <summary>The model that wrote it, by its name or its licence's; null if people did. Some licences forbid learning from it.</summary>
    public string? GeneratedBy { get; init; }

    /// <summary>Who holds the rights in it.</summary>
    public required string RightsHolder { get; init; }

    /// <summary>The contributor's part, from 0 to 1, of what this source earns; in whole millionths.</summary>
    public double Share { get; init; } = 1;

    /// <summary>
    /// How often an epoch sees it: 2 for every document twice, 0.5 for half of them, another half each time; in whole millionths. Its
    /// tokens count as often for what it earns.
    /// </summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether the digests of its documents are kept secret by a key, so that nobody can test guesses against them.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The personal data that is masked in it.</summary>
    public PersonalDataKinds Mask { get; init; }
}
