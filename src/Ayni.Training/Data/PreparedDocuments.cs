namespace Ayni.Training;

/// <summary>
/// The documents that are learned from: of all sources in the recipe's order, with personal data masked and without those that say what
/// one before them says. One thread at a time.
/// </summary>
internal sealed class PreparedDocuments(DuplicatePolicy policy, DuplicateReport? report = null)
{
    private readonly Dictionary<DocumentDigest, string> _places = [];
    private readonly List<string> _kept = [];
    private readonly NearDuplicates? _near = policy == DuplicatePolicy.Near ? new() : null;

    /// <summary>Which duplicates are left out.</summary>
    public DuplicatePolicy Policy => policy;

    /// <summary>What was done to the documents of the source that was read last.</summary>
    public PreparationCounts Counts { get; private set; } = new(0, 0, new PersonalDataCounts());

    /// <summary>In words how a source's documents are prepared.</summary>
    public static string Describe(DataSource source, DuplicatePolicy policy) =>
        $"{source.Format} without {policy} duplicates, masking {string.Join(' ', RecipeWriter.WordsOf(source.Mask))}";

    /// <summary>A source's documents, in the order of its files and lines.</summary>
    /// <exception cref="DataException">A file is not what its format says; names the line.</exception>
    public IEnumerable<PreparedDocument> Read(SourceFiles source, CancellationToken cancellationToken)
    {
        var (exact, near, masked) = (0L, 0L, new PersonalDataCounts());
        foreach (var placed in source.Files.SelectMany(file => DocumentReader.Read(source.Source.Format, file)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (place, original) = (placed.Place, placed.Document);
            var mask = new PersonalDataMask(source.Source.Mask);
            var document = source.Source.Mask == PersonalDataKinds.None ? original : original.Change(mask.Apply);
            var digest = DocumentDigest.Of(document.NormalForm());
            if (_places.TryGetValue(digest, out var same))
            {
                exact++;
                report?.Add(source.Source.Name, place, same, 100);
            }
            else if (_near?.Add(document.Texts) is var (number, percent))
            {
                near++;
                report?.Add(source.Source.Name, place, _kept[number], percent);
            }
            else
            {
                _places.Add(digest, place);
                _kept.Add(place);
                masked += mask.Counts;
                yield return new PreparedDocument(document, digest, placed);
            }
        }
        Counts = new PreparationCounts(exact, near, masked);
    }
}

/// <summary>A document that is learned from.</summary>
/// <param name="Document">The document, with personal data masked.</param>
/// <param name="Digest">SHA-256 of its normal form.</param>
/// <param name="Placed">It where it stands, as it is there.</param>
internal readonly record struct PreparedDocument(SourceDocument Document, DocumentDigest Digest, PlacedDocument Placed);

/// <summary>What was done to a source's documents.</summary>
/// <param name="Exact">Documents left out because one before says the same.</param>
/// <param name="Near">Documents left out because one before says nearly the same.</param>
/// <param name="Masked">Personal data masked in the others.</param>
internal sealed record PreparationCounts(long Exact, long Near, PersonalDataCounts Masked);
