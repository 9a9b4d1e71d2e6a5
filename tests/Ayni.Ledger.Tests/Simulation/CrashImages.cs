namespace Ayni.Ledger.Tests;

/// <summary>
/// What a crash of the machine may leave of a ledger's SQLite file and log. All that was written before the last flush that somebody waited
/// for is there; of every later write any part may be there, sector by sector. Files are watched from outside: between two states in which
/// nothing is under way, the log changed from one place on, in order.
/// </summary>
internal sealed class CrashImages(string path)
{
    private const int SectorSize = 512, PageSize = 4096, FrameSize = 24 + PageSize, LogHeaderSize = 32;

    private readonly string _log = path + "-wal";
    private byte[] _file = [];
    private byte[] _logBefore = [];

    /// <summary>Notes the files as they are while all that was written is flushed.</summary>
    public void Note() => (_file, _logBefore) = (Read(path), Read(_log));

    /// <summary>
    /// The files if the machine had crashed since, with some of what was written since: as many as there are places between two writes,
    /// whole and torn.
    /// </summary>
    public IEnumerable<(byte[] File, byte[] Log)> AtEveryWrite(Random random)
    {
        var (file, log, first, isCopying) = Compare();
        if (isCopying)
        {
            yield return (Mix(_file, file, PageSize, random), log);
            yield break;
        }
        for (var end = first; end < log.Length; end += FrameSize)
        {
            yield return (file, Cut(log, end));
            yield return (file, Cut(log, Math.Min(log.Length, end + random.Next(1, FrameSize))));
        }
        yield return (file, log);
    }

    /// <summary>One image at random, in which later writes may be there while earlier ones are lost.</summary>
    public (byte[] File, byte[] Log) AtRandom(Random random)
    {
        var (file, log, first, isCopying) = Compare();
        if (isCopying)
            return (Mix(_file, file, PageSize, random), log);
        return (file, random.Next(2) == 0 ? Cut(log, random.Next(first, log.Length + 1)) : Mix(_logBefore, log, SectorSize, random));
    }

    /// <summary>
    /// The files now, where the log begins to differ, and whether the log was copied into the file and is not begun anew: then any part of
    /// the copy may be there. A log begins anew only once the file is flushed.
    /// </summary>
    private (byte[] File, byte[] Log, int First, bool IsCopying) Compare()
    {
        var (file, log) = (Read(path), Read(_log));
        var first = _logBefore.AsSpan().CommonPrefixLength(log);
        return (file, log, first, first >= LogHeaderSize && !file.AsSpan().SequenceEqual(_file));
    }

    /// <summary>Puts an image into a folder of its own.</summary>
    public static string Write((byte[] File, byte[] Log) image, string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "ledger.db");
        File.WriteAllBytes(path, image.File);
        File.WriteAllBytes(path + "-wal", image.Log);
        File.Delete(path + "-shm");
        return path;
    }

    /// <summary>The log as it is up to a byte, and from there on as it was.</summary>
    private byte[] Cut(byte[] now, int end) => [.. now.AsSpan(0, end), .. end < _logBefore.Length ? _logBefore.AsSpan(end) : []];

    /// <summary>Of each piece what was or what is, at random.</summary>
    private static byte[] Mix(byte[] before, byte[] now, int piece, Random random)
    {
        var mixed = now.ToArray();
        for (var start = 0; start < now.Length; start += piece)
        {
            if (random.Next(2) == 0)
                continue;
            var target = mixed.AsSpan(start, Math.Min(piece, now.Length - start));
            target.Clear();
            if (start < before.Length)
                before.AsSpan(start, Math.Min(target.Length, before.Length - start)).CopyTo(target);
        }
        return mixed;
    }

    private static byte[] Read(string path)
    {
        if (!File.Exists(path))
            return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
