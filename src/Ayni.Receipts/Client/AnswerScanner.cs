using System.Buffers;

namespace Ayni.Receipts;

/// <summary>
/// Reads what a stream of server-sent events says of itself, as its bytes come by: the last data event that names a receipt, and whether it
/// is over. A line longer than <see cref="MostLineBytes"/> is passed over.
/// </summary>
internal sealed class AnswerScanner
{
    public const int MostLineBytes = 1 << 20;

    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _isTooLong;

    /// <summary>What the stream said of its receipt; null if nothing by now.</summary>
    public Announcement? Announced { get; private set; }

    /// <summary>Whether the last event came, <c>[DONE]</c> or an error.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Whether an error ended it.</summary>
    public bool HasFailed { get; private set; }

    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
        {
            Keep(bytes[..end]);
            EndLine();
            bytes = bytes[(end + 1)..];
        }
        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        _isTooLong |= _line.WrittenCount + part.Length > MostLineBytes;
        if (!_isTooLong)
            _line.Write(part);
    }

    private void EndLine()
    {
        if (!_isTooLong && _line.WrittenSpan.StartsWith("data:"u8))
            ReadData(_line.WrittenMemory[5..]);
        _line.ResetWrittenCount();
        _isTooLong = false;
    }

    private void ReadData(ReadOnlyMemory<byte> data)
    {
        if (data.Span.Trim((byte)' ').SequenceEqual("[DONE]"u8))
            IsOver = true;
        else if (data.Span.IndexOf("\"ayni\""u8) >= 0)
            Announced = Announcement.Parse(data) is { ReceiptId: not null } said ? said : Announced;
        else if (data.Span.TrimStart((byte)' ').StartsWith("{\"error\""u8))
            IsOver = HasFailed = true;
    }
}
