using System.Buffers;
using System.IO.Pipelines;

namespace Ayni.Cli;

/// <summary>Reads lines of bytes, of which no more than a bounded length is ever kept. Not thread-safe.</summary>
internal sealed class LineReader(Stream stream, int longest)
{
    private readonly PipeReader _reader = PipeReader.Create(stream);

    /// <summary>
    /// The next line without its end; null after the last. Of a line that is longer than the longest, the first byte beyond that length is
    /// returned with it and the rest is skipped, so that it can be told.
    /// </summary>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        byte[]? tooLong = null;
        while (true)
        {
            var result = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = tooLong ?? Cut(buffer.Slice(0, end));
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                return line is [.. var text, (byte)'\r'] ? text : line;
            }
            if (tooLong is not null || buffer.Length > longest)
            {
                tooLong ??= Cut(buffer);
                _reader.AdvanceTo(buffer.End);
            }
            else if (result.IsCompleted)
            {
                var line = buffer.IsEmpty ? null : Cut(buffer);
                _reader.AdvanceTo(buffer.End);
                return line;
            }
            else
            {
                _reader.AdvanceTo(buffer.Start, buffer.End);
            }
            if (result.IsCompleted && tooLong is not null)
                return tooLong;
        }
    }

    private byte[] Cut(ReadOnlySequence<byte> line) => line.Slice(0, Math.Min(line.Length, longest + 1L)).ToArray();
}
