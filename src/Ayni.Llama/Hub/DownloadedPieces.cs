using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Ayni.Llama;

/// <summary>
/// Which pieces of a file are downloaded, remembered beside it so that a killed process loses little: a line that says of what, then a
/// character for each piece. What is remembered but never reached the disk (power went out) is found by the file's digest. Safe for many
/// threads.
/// </summary>
internal sealed class DownloadedPieces : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SafeFileHandle _handle;
    private readonly int _headerBytes;
    private readonly State[] _states;
    private readonly HubFile _file;
    private readonly int _pieceBytes;

    private enum State : byte
    {
        Missing,
        Claimed,
        Done,
    }

    private DownloadedPieces(SafeFileHandle handle, HubFile file, int pieceBytes, int headerBytes, State[] states) =>
        (_handle, _file, _pieceBytes, _headerBytes, _states) = (handle, file, pieceBytes, headerBytes, states);

    /// <summary>Reads what is remembered at a path; nothing, if that was of another content.</summary>
    public static DownloadedPieces Open(string path, HubFile file, int pieceBytes, bool forget)
    {
        var header = Encoding.ASCII.GetBytes(FormattableString.Invariant($"ayni 1 {file.Digest} {file.Bytes} {pieceBytes}\n"));
        var states = new State[(file.Bytes + pieceBytes - 1) / pieceBytes];
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var content = new byte[header.Length + states.Length];
            if (!forget && RandomAccess.GetLength(handle) == content.Length && RandomAccess.Read(handle, content, 0) == content.Length
                && content.AsSpan().StartsWith(header))
            {
                for (var piece = 0; piece < states.Length; piece++)
                    states[piece] = content[header.Length + piece] == '1' ? State.Done : State.Missing;
            }
            else
            {
                RandomAccess.SetLength(handle, 0);
                header.CopyTo(content, 0);
                content.AsSpan(header.Length).Fill((byte)'0');
                RandomAccess.Write(handle, content, 0);
            }
            return new DownloadedPieces(handle, file, pieceBytes, header.Length, states);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that need not be downloaded.</summary>
    public long BytesDone
    {
        get
        {
            lock (_lock)
                return _states.Select((state, piece) => state == State.Done ? EndOf(piece) - (long)piece * _pieceBytes : 0).Sum();
        }
    }

    /// <summary>Takes the next missing bytes, whole pieces up to a number of them; null when all are done or claimed.</summary>
    public (long From, long To)? Claim(int mostPieces)
    {
        lock (_lock)
        {
            var first = Array.IndexOf(_states, State.Missing);
            if (first < 0)
                return null;
            var end = first;
            while (end < _states.Length && end - first < mostPieces && _states[end] == State.Missing)
                _states[end++] = State.Claimed;
            return ((long)first * _pieceBytes, EndOf(end - 1));
        }
    }

    /// <summary>Where the piece that a byte lies in ends.</summary>
    public long EndOfPieceAt(long position) => EndOf((int)(position / _pieceBytes));

    /// <summary>Remembers the piece that ends at a position; its bytes are written.</summary>
    public void MarkDone(long end)
    {
        var piece = (int)((end - 1) / _pieceBytes);
        lock (_lock)
            _states[piece] = State.Done;
        RandomAccess.Write(_handle, "1"u8, _headerBytes + piece);
    }

    public void Dispose() => _handle.Dispose();

    private long EndOf(int piece) => Math.Min(_file.Bytes, (piece + 1L) * _pieceBytes);
}
