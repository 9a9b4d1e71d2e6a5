using System.IO.MemoryMappedFiles;

namespace Ayni.Kernels;

/// <summary>
/// A file mapped into memory to be read: nothing is copied, and the operating system loads and drops its pages as needed. Safe for many
/// threads.
/// Spans taken from it must not be used after it is disposed, and the file must not be shortened by anyone while it is mapped:
/// replace a model by renaming a new file over it.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly TensorData _contents;

    private MappedFile(string path, MemoryMappedFile file, long length)
    {
        Path = path;
        _file = file;
        _view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        // Given back at once: a reference held here would keep the mapping alive after Dispose.
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _contents = new TensorData(_view.SafeMemoryMappedViewHandle, start + _view.PointerOffset, length);
    }

    /// <summary>Where the file was opened.</summary>
    public string Path { get; }

    /// <summary>The length in bytes.</summary>
    public long Length => _contents.Bytes;

    /// <summary>Maps a whole file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder or a pipe, the file is empty, or it can't be mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static MappedFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new IOException($"{path}: a folder, not a file.");
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (!stream.CanSeek)
            throw new IOException($"{path}: not a regular file, so it can't be mapped into memory.");
        if (stream.Length == 0)
            throw new EndOfStreamException($"{path}: the file is empty.");
        var file = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            return new MappedFile(path, file, stream.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A range of the file, of any length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range would reach outside the file.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is disposed.</exception>
    public TensorData Slice(long offset, long bytes) => _contents.Slice(offset, bytes);

    /// <summary>A view of some bytes, valid until the mapping is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view would reach outside the file.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is disposed.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count) => _contents.Span(offset, count);

    /// <summary>Unmaps the file. Spans taken before are no longer valid.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
