using System.Net;

namespace Ayni.Receipts;

/// <summary>A stream of server-sent events on its way to the client. Its end is passed on once its receipt was seen to.</summary>
internal sealed class ObservedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly Func<AnswerScanner, CancellationToken, Task> _end;
    private readonly Action _release;

    /// <param name="inner">The answer's content, which this one disposes.</param>
    /// <param name="end">Called once, before the bytes that end it are passed on.</param>
    /// <param name="release">Called once, when it has ended or was given up.</param>
    public ObservedContent(HttpContent inner, Func<AnswerScanner, CancellationToken, Task> end, Action release)
    {
        (_inner, _end, _release) = (inner, end, release);
        foreach (var (name, values) in inner.Headers)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new ObservedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _end);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new ObservedStream(_inner.ReadAsStream(cancellationToken), _end);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var source = new ObservedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _end);
        await using (source.ConfigureAwait(false))
            await source.CopyToAsync(stream).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _release();
            _inner.Dispose();
        }
        base.Dispose(disposing);
    }

    private sealed class ObservedStream(Stream inner, Func<AnswerScanner, CancellationToken, Task> end) : Stream
    {
        private readonly AnswerScanner _scanner = new();
        private bool _hasEnded;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _scanner.Read(buffer.Span[..count]);
            if (!_hasEnded && (_scanner.IsOver || (count == 0 && buffer.Length > 0)))
            {
                _hasEnded = true;
                await end(_scanner, cancellationToken).ConfigureAwait(false);
            }
            return count;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) =>
            ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
