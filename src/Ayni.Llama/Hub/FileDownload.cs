using System.Net;
using System.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace Ayni.Llama;

/// <summary>
/// Downloads one file in parallel ranges. It grows as <c>.partial</c> beside its place, with what is done in <c>.pieces</c>, and gets its
/// name when its digest is right. Whatever ends an attempt, the next goes on where it ended.
/// </summary>
internal sealed class FileDownload(HubClient client, HubRepository repository, HubFile file, string path, Action<long> report)
{
    public const string PartialSuffix = ".partial";
    public const string PiecesSuffix = ".pieces";
    private const int BufferBytes = 1 << 17;

    private readonly string _partial = path + PartialSuffix;
    private readonly string _pieces = path + PiecesSuffix;

    /// <summary>Bytes of an earlier attempt.</summary>
    public long BytesKept()
    {
        if (!File.Exists(_partial) || !File.Exists(_pieces))
            return 0;
        using var pieces = OpenPieces();
        return pieces.BytesDone;
    }

    /// <summary>Downloads what is missing and checks all of it.</summary>
    /// <param name="checking">Called when everything is here and the digest is computed.</param>
    /// <param name="cancellationToken">Ends the attempt; what came is kept.</param>
    public async Task RunAsync(Action checking, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var pieces = OpenPieces())
        using (var partial = File.OpenHandle(_partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, FileOptions.Asynchronous))
        {
            if (RandomAccess.GetLength(partial) != file.Bytes)
                RandomAccess.SetLength(partial, file.Bytes);
            if (!await DownloadRangesAsync(pieces, partial, cancellationToken).ConfigureAwait(false))
                await DownloadWholeAsync(partial, cancellationToken).ConfigureAwait(false);
            checking();
            RandomAccess.FlushToDisk(partial);
        }
        var digest = await file.DigestOfAsync(_partial, cancellationToken).ConfigureAwait(false);
        if (digest != file.Digest)
        {
            Forget();
            throw new HubException(
                HubFailure.Corrupt,
                $"{file.Path} is damaged: its digest is {digest}, the hub says {file.Digest}. "
                + "It is deleted; pull again, and if this stays, tell the hub.");
        }
        File.Move(_partial, path, overwrite: true);
        File.Delete(_pieces);
    }

    private DownloadedPieces OpenPieces() =>
        DownloadedPieces.Open(_pieces, file, client.Options.PieceBytes, forget: !File.Exists(_partial));

    private void Forget()
    {
        File.Delete(_partial);
        File.Delete(_pieces);
    }

    /// <summary>False where the server gives no ranges.</summary>
    private async Task<bool> DownloadRangesAsync(DownloadedPieces pieces, SafeFileHandle partial, CancellationToken cancellationToken)
    {
        var connections = Math.Max(1, client.Options.Connections);
        var missing = (file.Bytes - pieces.BytesDone) / client.Options.PieceBytes + 1;
        var atOnce = (int)Math.Clamp((missing + connections - 1) / connections, 1, client.Options.PiecesPerRequest);
        // One failure for good ends the others.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = Enumerable.Range(0, connections).Select(_ => WorkAsync()).ToArray();
        try
        {
            return (await Task.WhenAll(workers).ConfigureAwait(false)).All(ranges => ranges);
        }
        catch
        {
            // Of several failures the cause counts, not the cancellations it led to.
            if (workers.FirstOrDefault(worker => worker.IsFaulted) is { } failed)
                await failed.ConfigureAwait(false);
            throw;
        }

        async Task<bool> WorkAsync()
        {
            try
            {
                while (pieces.Claim(atOnce) is { } range)
                {
                    if (!await DownloadRangeAsync(pieces, partial, range.From, range.To, stop.Token).ConfigureAwait(false))
                        return false;
                }
                return true;
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task<bool> DownloadRangeAsync(
        DownloadedPieces pieces, SafeFileHandle partial, long from, long to, CancellationToken cancellationToken)
    {
        var position = from;
        for (var failures = 0; position < to;)
        {
            var before = position;
            try
            {
                using var response = await SendAsync(new RangeHeaderValue(position, to - 1), cancellationToken).ConfigureAwait(false);
                var isWhole = response.StatusCode == HttpStatusCode.OK;
                if (isWhole && (position > 0 || to < file.Bytes))
                    return false;
                var end = isWhole ? to : CheckedEnd(response, position, to);
                await ReadAsync(response, partial, position, end, pieces.EndOfPieceAt, (now, endsPiece) =>
                {
                    report(now - position);
                    position = now;
                    if (endsPiece)
                        pieces.MarkDone(now);
                }, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (client.AsPassing(error, cancellationToken) is { } passing)
            {
                failures = position > before ? 1 : failures + 1;
                await client.PauseAsync(failures, passing, cancellationToken).ConfigureAwait(false);
            }
        }
        return true;
    }

    /// <summary>Where the bytes of an answer end, which start where they should.</summary>
    private long CheckedEnd(HttpResponseMessage response, long from, long to) =>
        response.Content.Headers.ContentRange is { From: { } first, To: { } last } range
            && first == from && last >= first && last < to && (range.Length ?? file.Bytes) == file.Bytes
            ? last + 1
            : throw new HubException(HubFailure.Invalid, $"{file.Path}: the server sent other bytes than those asked for.");

    /// <summary>From a server that gives no ranges: all of it, from the start after each break.</summary>
    private async Task DownloadWholeAsync(SafeFileHandle partial, CancellationToken cancellationToken)
    {
        var reported = 0L;
        await client.RetryAsync(async () =>
        {
            using var response = await SendAsync(null, cancellationToken).ConfigureAwait(false);
            await ReadAsync(response, partial, 0, file.Bytes, _ => file.Bytes, (now, _) =>
            {
                report(Math.Max(0, now - reported));
                reported = Math.Max(now, reported);
            }, cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(RangeHeaderValue? range, CancellationToken cancellationToken)
    {
        var reference = repository.Reference;
        var address = client.AddressOf([reference.Owner, reference.Name, "resolve", repository.Commit, .. file.Path.Split('/')]);
        return await client.SendAsync(address, range, file.Path, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a body to its place, never more than was asked for; a body that ends early is a failure that may pass.</summary>
    private async Task ReadAsync(
        HttpResponseMessage response, SafeFileHandle partial, long from, long to, Func<long, long> endOfPieceAt, Action<long, bool> written,
        CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(client.Options.SilenceLimit);
        using var body = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
        var buffer = new byte[BufferBytes];
        for (var position = from; position < to;)
        {
            var endOfPiece = Math.Min(to, endOfPieceAt(position));
            var wanted = (int)Math.Min(buffer.Length, endOfPiece - position);
            silence.CancelAfter(client.Options.SilenceLimit);
            var count = await body.ReadAsync(buffer.AsMemory(0, wanted), silence.Token).ConfigureAwait(false);
            if (count == 0)
                throw new PassingHubException($"{file.Path} broke off {to - position:N0} bytes before its end");
            await RandomAccess.WriteAsync(partial, buffer.AsMemory(0, count), position, cancellationToken).ConfigureAwait(false);
            position += count;
            written(position, position == endOfPieceAt(position - 1));
        }
    }
}
