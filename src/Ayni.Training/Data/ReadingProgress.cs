namespace Ayni.Training;

/// <summary>Tells how much of some sources is read, at each hundredth. One thread at a time.</summary>
internal sealed class ReadingProgress
{
    private readonly Dictionary<string, long> _starts = new(StringComparer.Ordinal);
    private readonly IProgress<double>? _progress;
    private readonly long _bytes;
    private double _next;

    /// <summary>Prepares for some sources.</summary>
    /// <param name="sources">The sources, in the order in which they are read.</param>
    /// <param name="progress">Told the share from 0 to 1; null tells nobody.</param>
    public ReadingProgress(IReadOnlyList<SourceFiles> sources, IProgress<double>? progress)
    {
        _progress = progress;
        if (progress is null)
            return;
        foreach (var file in sources.SelectMany(source => source.Files))
        {
            // A file of two sources is read twice; what is told then only seems to go back.
            _starts.TryAdd(file.Path, _bytes);
            _bytes += new FileInfo(file.Path).Length;
        }
    }

    /// <summary>Tells that all is read up to the end of a document.</summary>
    public void Report(PlacedDocument document)
    {
        if (_progress is null || (_starts[document.Path] + document.End) / (double)_bytes is var share && share < _next)
            return;
        _progress.Report(Math.Min(1, share));
        _next = share + 0.01;
    }
}
