using System.Buffers.Binary;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>One member of an archive.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Offset">Where its data starts, in bytes from the start of the file.</param>
/// <param name="Bytes">The length of its data.</param>
internal readonly record struct ZipMember(string Name, long Offset, long Bytes);

/// <summary>
/// The directory of a zip archive whose members are stored as they are, as PyTorch writes its checkpoints, so that they can be read where
/// they lie (PKWARE's APPNOTE 6.3.10, ZIP64 included).
/// </summary>
internal static class StoredZip
{
    private const int MaxMembers = 65_536;
    private const int MaxNameBytes = 1024;
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, EntryBytes = 46, LocalBytes = 30;
    private const int MaxCommentBytes = ushort.MaxValue;
    private const uint EndSignature = 0x06054B50, LocatorSignature = 0x07064B50, End64Signature = 0x06064B50;
    private const uint EntrySignature = 0x02014B50, LocalSignature = 0x04034B50;

    /// <summary>Reads the directory. Throws <see cref="ModelFormatException"/> naming the place and the field or member at fault.</summary>
    public static Dictionary<string, ZipMember> Read(MappedFile file)
    {
        var (position, length, count) = FindDirectory(file);
        if (count > MaxMembers)
            throw Error(file, position, "directory", $"{count} members are more than the {MaxMembers} that Ayni allows");
        var end = position + length;
        var members = new Dictionary<string, ZipMember>(StringComparer.Ordinal);
        for (var i = 0L; i < count; i++)
        {
            if (end - position < EntryBytes)
                throw Error(file, position, "directory", $"it ends before its {count} members do");
            var entry = file.Span(position, EntryBytes);
            if (U32(entry, 0) != EntrySignature)
                throw Error(file, position, "directory", $"member {i} does not begin with its signature");
            int nameBytes = U16(entry, 28), extraBytes = U16(entry, 30), commentBytes = U16(entry, 32);
            var size = EntryBytes + nameBytes + extraBytes + commentBytes;
            if (nameBytes is 0 or > MaxNameBytes || end - position < size)
                throw Error(file, position, "directory", $"member {i} has a name of {nameBytes} bytes that does not fit");
            var name = Encoding.UTF8.GetString(file.Span(position + EntryBytes, nameBytes));
            var extra = file.Span(position + EntryBytes + nameBytes, extraBytes);
            if (!members.TryAdd(name, ReadMember(file, position, name, entry, extra)))
                throw Error(file, position, name, "the member occurs twice");
            position += size;
        }
        return members;
    }

    private static (long Position, long Length, long Count) FindDirectory(MappedFile file)
    {
        var tail = file.Span(
            Math.Max(0, file.Length - EndBytes - MaxCommentBytes), (int)Math.Min(file.Length, EndBytes + MaxCommentBytes));
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var end = tail[at..];
            if (U32(end, 0) != EndSignature || U16(end, 20) != end.Length - EndBytes)
                continue;
            var endPosition = file.Length - end.Length;
            var (position, length, count) = ((long)U32(end, 16), (long)U32(end, 12), (long)U16(end, 10));
            if (position == uint.MaxValue || length == uint.MaxValue || count == ushort.MaxValue || HasLocator(file, endPosition))
                (position, length, count) = ReadEnd64(file, endPosition);
            return position >= 0 && length >= 0 && count >= 0 && position <= endPosition && length <= endPosition - position
                ? (position, length, count)
                : throw Error(file, endPosition, "directory", $"{length} bytes at {position} do not lie in the archive");
        }
        throw Error(file, 0, "directory", "not a zip archive with a directory at its end; was its download interrupted?");
    }

    private static bool HasLocator(MappedFile file, long endPosition) =>
        endPosition >= LocatorBytes && U32(file.Span(endPosition - LocatorBytes, LocatorBytes), 0) == LocatorSignature;

    private static (long Position, long Length, long Count) ReadEnd64(MappedFile file, long endPosition)
    {
        if (!HasLocator(file, endPosition))
            throw Error(file, endPosition, "zip64", "the archive's directory has no ZIP64 locator");
        var position = I64(file.Span(endPosition - LocatorBytes, LocatorBytes), 8);
        if (position < 0 || position > endPosition - LocatorBytes - End64Bytes)
            throw Error(file, endPosition - LocatorBytes, "zip64", $"its end record at {position} does not lie in the archive");
        var end = file.Span(position, End64Bytes);
        return U32(end, 0) == End64Signature
            ? (I64(end, 48), I64(end, 40), I64(end, 32))
            : throw Error(file, position, "zip64", "its end record does not begin with its signature");
    }

    private static ZipMember ReadMember(MappedFile file, long position, string name, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        if ((U16(entry, 8) & 1) != 0 || U16(entry, 10) != 0)
            throw Error(file, position, name, "the member is compressed or encrypted; PyTorch stores members as they are");
        long stored = U32(entry, 20), bytes = U32(entry, 24), local = U32(entry, 42);
        // The sizes that do not fit are in an extra field, in this order.
        var large = Zip64Field(extra);
        Span<long> values = [bytes, stored, local];
        foreach (ref var value in values)
        {
            if (value != uint.MaxValue)
                continue;
            if (large.Length < 8)
                throw Error(file, position, name, "the member's ZIP64 sizes are missing");
            value = I64(large, 0);
            large = large[8..];
        }
        (bytes, stored, local) = (values[0], values[1], values[2]);
        if (local < 0 || local > file.Length - LocalBytes || U32(file.Span(local, LocalBytes), 0) != LocalSignature)
            throw Error(file, position, name, $"the member does not begin at {local}");
        var header = file.Span(local, LocalBytes);
        var start = local + LocalBytes + U16(header, 26) + U16(header, 28);
        if (stored != bytes || bytes < 0 || start > file.Length || bytes > file.Length - start)
            throw Error(file, position, name, $"{bytes} bytes at {start} do not lie in the archive of {file.Length}; is its download complete?");
        return new ZipMember(name, start, bytes);
    }

    private static ReadOnlySpan<byte> Zip64Field(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int id = U16(extra, 0), length = U16(extra, 2);
            if (length > extra.Length - 4)
                return [];
            if (id == 1)
                return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        return [];
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static long I64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);

    private static ModelFormatException Error(MappedFile file, long offset, string field, string problem) => new(file.Path, offset, field, problem);
}
