namespace Ayni.Llama;

/// <summary>How far a pull has come.</summary>
/// <param name="File">The file at hand.</param>
/// <param name="BytesDone">Bytes of all files that are here.</param>
/// <param name="BytesTotal">Bytes of all files.</param>
/// <param name="BytesReceived">Bytes that came over the network in this pull.</param>
/// <param name="IsChecking">Whether the file's digest is being computed.</param>
public readonly record struct PullProgress(string File, long BytesDone, long BytesTotal, long BytesReceived, bool IsChecking);

/// <summary>Downloads models from a hub into a store. Several may run at the same time, in this process or others.</summary>
/// <param name="client">The hub.</param>
/// <param name="store">Where models go.</param>
/// <param name="clock">Says when a file came.</param>
public sealed class HubPuller(HubClient client, ModelStore store, TimeProvider clock)
{
    /// <summary>
    /// Downloads the files that a name means and are not here already, checks each against the hub's digest, and returns the model. What an
    /// attempt that failed or was killed has downloaded is kept for the next.
    /// </summary>
    /// <exception cref="HubException">The hub did not give it; see <see cref="HubFailure"/>.</exception>
    /// <exception cref="DiskSpaceException">There is no room for it.</exception>
    public async Task<StoredModel> PullAsync(HubReference reference, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var repository = await client.ReadRepositoryAsync(reference, cancellationToken).ConfigureAwait(false);
        var files = HubSelection.Pick(repository);
        using var held = store.Lock(reference);
        var record = store.ReadRecord(reference);
        record.Hub = client.Options.Hub.ToString();
        record.License = repository.License;

        var total = Sum(files.Select(file => file.Bytes));
        var (done, received, current, checking) = (0L, 0L, files[0].Path, false);
        var missing = new List<(HubFile File, FileDownload Download)>();
        foreach (var file in files)
        {
            var path = store.PathOf(reference, file.Path);
            if (await IsHereAsync(record, file, path, cancellationToken).ConfigureAwait(false))
            {
                Remember(file);
                done += file.Bytes;
                continue;
            }
            var download = new FileDownload(client, repository, file, path, bytes =>
            {
                Interlocked.Add(ref received, bytes);
                Interlocked.Add(ref done, bytes);
                Report();
            });
            done += download.BytesKept();
            missing.Add((file, download));
        }
        if (missing.Count > 0)
        {
            Directory.CreateDirectory(store.FolderOf(reference));
            DiskSpace.Require(store.PathOf(reference, missing[0].File.Path), total - done);
        }
        foreach (var (file, download) in missing)
        {
            (current, checking) = (file.Path, false);
            await download.RunAsync(() => { checking = true; Report(); }, cancellationToken).ConfigureAwait(false);
            Remember(file);
            store.WriteRecord(reference, record);
        }
        if (missing.Count == 0)
            store.WriteRecord(reference, record);
        return store.Find(reference with { Selector = files[0].Path })[0];

        void Report() => progress?.Report(
            new PullProgress(current, Math.Min(total, Interlocked.Read(ref done)), total, Interlocked.Read(ref received), checking));

        void Remember(HubFile file)
        {
            var known = record.Files.Find(pulled => pulled.Path == file.Path);
            if (known?.Digest == file.Digest)
                return;
            record.Files.RemoveAll(pulled => pulled.Path == file.Path);
            record.Files.Add(new PulledFile(file.Path, file.Bytes, file.Digest, repository.Commit, clock.GetUtcNow()));
        }
    }

    /// <summary>Whether a file is complete: recorded with the hub's digest, or, where a record is missing, of that digest.</summary>
    private static async Task<bool> IsHereAsync(PullRecord record, HubFile file, string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path) || new FileInfo(path).Length != file.Bytes)
            return false;
        return record.Files.Find(pulled => pulled.Path == file.Path) is { } known
            ? known.Digest == file.Digest
            : await file.DigestOfAsync(path, cancellationToken).ConfigureAwait(false) == file.Digest;
    }

    private static long Sum(IEnumerable<long> sizes)
    {
        try
        {
            return sizes.Aggregate(0L, (sum, size) => checked(sum + size));
        }
        catch (OverflowException error)
        {
            throw new HubException(HubFailure.Invalid, "The hub says something impossible: its files are longer than any disk.", error);
        }
    }
}
