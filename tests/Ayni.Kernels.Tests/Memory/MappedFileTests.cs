using Ayni.Kernels;

namespace Ayni.Kernels.Tests;

public sealed class MappedFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ayni-mapped-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    public void A_mapped_file_has_the_files_length_and_bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(PathOf("f"), bytes);
        using var file = MappedFile.Open(PathOf("f"));
        Assert.Equal(PathOf("f"), file.Path);
        Assert.Equal(length, file.Length);
        Assert.Equal(bytes, file.Span(0, length).ToArray());
        Assert.Equal(bytes[^1], file.Slice(length - 1, 1).Span(0, 1)[0]);
    }

    [Fact]
    public void Dropped_pages_no_longer_count_as_the_process_and_are_read_again()
    {
        const int Length = 8 << 20;
        var bytes = new byte[Length];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(PathOf("f"), bytes);
        using var file = MappedFile.Open(PathOf("f"));
        Assert.True(file.Span(0, Length).SequenceEqual(bytes));
        var before = ResidentKilobytes(PathOf("f"));
        file.Slice(5000, Length - 5000).DropPages();
        var after = ResidentKilobytes(PathOf("f"));
        Assert.True(file.Span(0, Length).SequenceEqual(bytes));
        if (before is null)
            return;
        Assert.True(before > Length / 1024 / 2, $"{before} kB were mapped");
        Assert.True(after <= 64, $"{after} kB are still mapped");
    }

    /// <summary>What the system counts of a mapped file as this process's memory; null where it does not say.</summary>
    private static int? ResidentKilobytes(string path)
    {
        if (!File.Exists("/proc/self/smaps"))
            return null;
        var lines = File.ReadAllLines("/proc/self/smaps").SkipWhile(line => !line.EndsWith(path, StringComparison.Ordinal));
        var resident = lines.First(line => line.StartsWith("Rss:", StringComparison.Ordinal));
        return int.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Ranges_outside_the_file_are_refused_though_the_page_goes_on()
    {
        File.WriteAllBytes(PathOf("f"), new byte[100]);
        using var file = MappedFile.Open(PathOf("f"));
        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Span(0, 101); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Span(100, 1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Span(-1, 1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Slice(1, long.MaxValue); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { file.Slice(long.MaxValue, 1); });
    }

    [Fact]
    public void A_file_beyond_four_gigabytes_is_reached_to_its_last_byte()
    {
        const long Length = (5L << 30) + 7;
        using (var sparse = new FileStream(PathOf("large"), FileMode.Create))
        {
            sparse.SetLength(Length);
            sparse.Position = Length - 2;
            sparse.Write([0xAB, 0xCD]);
        }
        using var file = MappedFile.Open(PathOf("large"));
        Assert.Equal(Length, file.Length);
        var tail = file.Slice(3L << 30, Length - (3L << 30));
        Assert.Equal([0xAB, 0xCD], tail.Span(tail.Bytes - 2, 2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => { tail.Span(tail.Bytes - 1, 2); });
    }

    [Fact]
    public void A_disposed_mapping_refuses_use()
    {
        File.WriteAllBytes(PathOf("f"), new byte[100]);
        var file = MappedFile.Open(PathOf("f"));
        var data = file.Slice(10, 10);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { file.Span(0, 1); });
        Assert.Throws<ObjectDisposedException>(() => { file.Slice(0, 1); });
        Assert.Throws<ObjectDisposedException>(() => { data.Span(0, 1); });
    }

    [Fact]
    public void A_new_file_renamed_over_a_mapped_one_leaves_the_mapping_as_it_was()
    {
        if (OperatingSystem.IsWindows())
            return; // There the rename itself is refused while the file is mapped.
        File.WriteAllBytes(PathOf("f"), [1, 2, 3]);
        File.WriteAllBytes(PathOf("new"), [9]);
        using var file = MappedFile.Open(PathOf("f"));
        File.Move(PathOf("new"), PathOf("f"), overwrite: true);
        Assert.Equal([1, 2, 3], file.Span(0, 3).ToArray());
    }

    [Fact]
    public void An_empty_file_a_folder_and_a_missing_file_are_named()
    {
        File.WriteAllBytes(PathOf("empty"), []);
        var empty = Assert.Throws<EndOfStreamException>(() => MappedFile.Open(PathOf("empty")));
        Assert.Contains("the file is empty", empty.Message, StringComparison.Ordinal);
        Assert.Contains("folder", Assert.Throws<IOException>(() => MappedFile.Open(_folder.FullName)).Message, StringComparison.Ordinal);
        Assert.Equal(PathOf("none"), Assert.Throws<FileNotFoundException>(() => MappedFile.Open(PathOf("none"))).FileName);
        Assert.Throws<ArgumentException>(() => MappedFile.Open(""));
    }
}
