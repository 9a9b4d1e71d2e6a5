using System.Runtime.InteropServices;
using System.Text;
using Ayni.Kernels;

namespace Ayni.Llama.Tests;

/// <summary>Files of importance matrices, in both formats, and what is refused.</summary>
public sealed class ImportanceMatrixTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A <c>.dat</c> file of two entries, one of them of two experts with two columns each.</summary>
    public static byte[] Legacy(bool hasTail) =>
    [
        .. Int(2), .. Text("blk.0.attn_q.weight"), .. Int(4), .. Int(3), .. Floats(4, 8, 0),
        .. Text("blk.0.ffn_up_exps.weight"), .. Int(0), .. Int(4), .. Floats(1, 3, 2, 2),
        .. hasTail ? (byte[])[.. Int(4), .. Text("wiki.train.raw")] : [],
    ];

    [Fact]
    public void A_matrix_is_the_same_when_it_is_read_again()
    {
        var written = Sample();
        var path = _folder.PathOf("imatrix.gguf");
        written.Save(path);
        AssertSame(written, ImportanceMatrix.Open(path));

        using var file = GgufFile.Open(path);
        Assert.Equal("imatrix", file.Metadata.FindString("general.type"));
        Assert.Equal(["a text", "another"], file.Metadata.FindArray<string>("imatrix.datasets")!);
        Assert.Equal((7u, 512u), (file.Metadata.Find("imatrix.chunk_count"), file.Metadata.Find("imatrix.chunk_size")));
        Assert.Equal(
            ["blk.0.attn_q.weight.in_sum2 F32 [3, 1]", "blk.0.attn_q.weight.counts F32 [1, 1]", "blk.0.ffn_up_exps.weight.in_sum2 F32 [2, 3]",
                "blk.0.ffn_up_exps.weight.counts F32 [1, 3]"],
            file.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal([path], Directory.GetFiles(_folder.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_older_format_is_read_and_becomes_the_newer_one(bool hasTail)
    {
        var read = ImportanceMatrix.Open(_folder.Write("imatrix.dat", Legacy(hasTail)));
        Assert.Equal((hasTail ? 4 : 0, "imatrix.dat"), (read.ChunkCount, read.FileName));
        Assert.Equal(hasTail ? ["wiki.train.raw"] : [], read.Datasets.ToArray());
        Assert.Equal([4, 8, 0], read.Find("blk.0.attn_q.weight")!.SquareSums.ToArray());
        Assert.Equal([4], read.Find("blk.0.attn_q.weight")!.Counts.ToArray());
        Assert.Equal([1, 3, 2, 2], read.Find("blk.0.ffn_up_exps.weight")!.SquareSums.ToArray());

        var path = _folder.PathOf("imatrix.gguf");
        read.Save(path);
        AssertSame(read, ImportanceMatrix.Open(path));
    }

    [Fact]
    public void A_columns_weight_is_its_mean_square_in_units_of_the_mean()
    {
        var experts = new ImportanceEntry("e", [2, 6, 0, 5, 1, 1, 3, 1e30f], [4, 0, 1e-40f, 9]);
        Assert.Equal([0.5f, 1.5f], experts.ColumnWeights(0, 2));
        // Never used: all alike, as in llama.cpp. Of what was hardly used something stays.
        Assert.Equal([1, 1], experts.ColumnWeights(1, 2));
        Assert.Equal([1, 1], experts.ColumnWeights(2, 2));
        Assert.Equal([1e-9f, 2], experts.ColumnWeights(3, 2));
        Assert.Equal([1, 1], new ImportanceEntry("z", [0, 0], [5]).ColumnWeights(0, 2));
        Assert.Equal([0.5f, 1.5f], new ImportanceEntry("one count", [9, 9, 1, 3], [5]).ColumnWeights(1, 2));
        Assert.True(experts.Fits(4, 2));
        Assert.False(experts.Fits(2, 4));
        Assert.False(experts.Fits(4, 3));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-1)]
    public void Impossible_numbers_are_refused_by_the_matrix_name(float value)
    {
        foreach (var entry in (ImportanceEntry[])[new("blk.0.attn_k.weight", [1, value], [1]), new("blk.0.attn_k.weight", [1, 2], [value])])
        {
            var path = _folder.PathOf("bad.gguf");
            new ImportanceMatrix([entry]).Save(path);
            AssertRefused(path, "blk.0.attn_k.weight");
        }
        byte[] bytes = [.. Int(1), .. Text("blk.0.attn_k.weight"), .. Int(1), .. Int(2), .. Floats(1, value)];
        AssertRefused(_folder.Write("bad.dat", bytes), "blk.0.attn_k.weight");
    }

    [Fact]
    public void Files_that_say_impossible_things_are_refused()
    {
        AssertRefused(_folder.Write("empty.dat", []), "is empty");
        AssertRefused(_folder.Write("text.dat", "this is a text and no matrix"u8.ToArray()), "no importance matrix");
        AssertRefused(_folder.Write("short.dat", Legacy(hasTail: true)[..60]), "blk.0.ffn_up_exps.weight", "ends here", "promised");
        AssertRefused(_folder.Write("more.dat", [.. Legacy(hasTail: true), 0]), "belong to nothing");
        AssertRefused(_folder.Write("huge.dat", [.. Int(1), .. Text("a"), .. Int(1), .. Int(int.MaxValue), 0, 0, 0, 0]), "sums are promised");
        AssertRefused(
            _folder.Write("twice.dat", [.. Int(2), .. Text("a"), .. Int(1), .. Int(1), .. Floats(1), .. Text("a"), .. Int(1), .. Int(1), .. Floats(1)]),
            "occurs twice");

        AssertRefused(Gguf("general.type", "model", "a.in_sum2", "a.counts"), "general.type");
        AssertRefused(Gguf("general.type", "imatrix", "a.in_sum2"), "lacks a.counts");
        AssertRefused(Gguf("general.type", "imatrix", "a.counts"), "lacks a.in_sum2");
        AssertRefused(Gguf("general.type", "imatrix", "a.weight"), "no sums");

        string Gguf(string key, string value, params string[] tensors)
        {
            var writer = new GgufWriter();
            writer.Add(key, value);
            foreach (var name in tensors)
                writer.AddTensor(name, TensorType.F32, [1], stream => stream.Write(Floats(1)));
            writer.Save(_folder.PathOf("x.gguf"));
            return _folder.PathOf("x.gguf");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_damaged_file_is_read_or_refused_and_nothing_else(bool isLegacy)
    {
        var path = _folder.PathOf("fuzzed");
        Sample().Save(path);
        var valid = isLegacy ? Legacy(hasTail: true) : File.ReadAllBytes(path);
        var random = new Random(20261122);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 3000; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            File.WriteAllBytes(path, damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Assert.All(ImportanceMatrix.Open(path).Entries, entry => Assert.Null(entry.FindProblem()));
                read++;
            }
            catch (ModelFormatException error)
            {
                Assert.Equal(path, error.Path);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"File {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }
        Assert.InRange(read, 30, 2700);
        Assert.InRange(refused, 300, 2970);
    }

    private static ImportanceMatrix Sample() => new(
    [
        new("blk.0.ffn_up_exps.weight", [1, 2, 0, 0, 5, 6.5f], [3, 0, 11]),
        new("blk.0.attn_q.weight", [0.25f, 1e30f, 3], [14]),
    ])
    {
        Datasets = ["a text", "another"],
        ChunkCount = 7,
        ChunkSize = 512,
    };

    private static void AssertSame(ImportanceMatrix expected, ImportanceMatrix actual)
    {
        Assert.Equal(expected.Datasets.ToArray(), actual.Datasets.ToArray());
        Assert.Equal((expected.ChunkCount, expected.ChunkSize), (actual.ChunkCount, actual.ChunkSize));
        Assert.Equal(expected.Entries.Select(entry => entry.Name).Order(), actual.Entries.Select(entry => entry.Name).Order());
        foreach (var entry in expected.Entries)
        {
            Assert.Equal(entry.SquareSums.ToArray(), actual.Find(entry.Name)!.SquareSums.ToArray());
            Assert.Equal(entry.Counts.ToArray(), actual.Find(entry.Name)!.Counts.ToArray());
        }
    }

    private static void AssertRefused(string path, params string[] words)
    {
        var error = Assert.Throws<ModelFormatException>(() => ImportanceMatrix.Open(path));
        Assert.True(words.Any(word => error.Message.Contains(word, StringComparison.Ordinal)), error.Message);
    }

    private static byte[] Int(int value) => BitConverter.GetBytes(value);

    private static byte[] Text(string text) => [.. Int(text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
