namespace Ayni.Training;

/// <summary>The lines of a file as bytes, each of a bounded length.</summary>
internal static class TextLines
{
    /// <summary>The longest line that is read.</summary>
    public const int MostBytes = 32 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>
    /// Reads the lines, numbered from 1, without their ends and without a byte-order mark before the first, and says how many bytes of the
    /// file were read with them. A line is valid until the next is asked for.
    /// </summary>
    public static IEnumerable<(int Number, ReadOnlyMemory<byte> Line, long End)> Read(string path)
    {
        using var stream = File.OpenRead(path);
        var buffer = new byte[1 << 16];
        var line = new List<byte>();
        var number = 1;
        var before = 0L;
        for (int count; (count = stream.Read(buffer)) > 0; before += count)
        {
            var start = before == 0 && buffer.AsSpan(0, count).StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
            for (int end; (end = buffer.AsSpan(start..count).IndexOf((byte)'\n')) >= 0; start += end + 1)
            {
                Append(start, end);
                yield return (number++, Take(), before + start + end + 1);
                line.Clear();
            }
            Append(start, count - start);
        }
        if (line.Count > 0)
            yield return (number, Take(), before);

        void Append(int start, int length)
        {
            if (line.Count + length > MostBytes)
                throw new DataException($"{path}, line {number}: the line has more than {MostBytes:N0} bytes; divide it into several.");
            CollectionExtensions.AddRange(line, buffer.AsSpan(start, length));
        }

        ReadOnlyMemory<byte> Take()
        {
            var bytes = line.ToArray().AsMemory();
            return bytes is { IsEmpty: false } && bytes.Span[^1] == '\r' ? bytes[..^1] : bytes;
        }
    }
}
