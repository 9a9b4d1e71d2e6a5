namespace Ayni.Training;

/// <summary>What a run's numbers follow from, by digest: a checkpoint belongs to no other run.</summary>
/// <param name="Recipe">SHA-256 of the recipe as it was understood.</param>
/// <param name="Parent">SHA-256 of the parent model; null where there is none.</param>
/// <param name="Tokenizer">SHA-256 of the vocabulary and the chat template.</param>
/// <param name="Sources">The sources' names and digests.</param>
internal sealed record RunIdentity(string Recipe, string? Parent, string Tokenizer, IReadOnlyList<SourceDigest> Sources)
{
    /// <summary>What of another identity is not as in this one, in words; null where they are the same.</summary>
    public string? FindDifference(RunIdentity other)
    {
        if (Recipe != other.Recipe)
            return Changed("the recipe", other.Recipe, Recipe);
        if (Parent != other.Parent)
            return Changed("the parent model", other.Parent ?? "none", Parent ?? "none");
        if (Tokenizer != other.Tokenizer)
            return Changed("the tokenizer", other.Tokenizer, Tokenizer);
        foreach (var (mine, theirs) in Sources.Zip(other.Sources))
        {
            if (mine != theirs)
                return Changed($"the source '{mine.Name}'", theirs.Digest, mine.Digest);
        }
        return Sources.Count == other.Sources.Count ? null : "the number of sources has changed";
    }

    private static string Changed(string what, string then, string now) =>
        $"{what} has changed (SHA-256 was {Short(then)}, is {Short(now)})";

    private static string Short(string digest) => digest.Length > 12 ? digest[..12] + "…" : digest;
}

/// <summary>A source by its contents.</summary>
/// <param name="Name">The recipe's name for it.</param>
/// <param name="Digest">SHA-256 of its files' names and contents.</param>
internal sealed record SourceDigest(string Name, string Digest);
