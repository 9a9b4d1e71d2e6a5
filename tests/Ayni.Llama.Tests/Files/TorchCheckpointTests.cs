using System.IO.Compression;
using System.Text;

namespace Ayni.Llama.Tests;

/// <summary>The reader of PyTorch checkpoints: what one says, and what is refused by name without being executed.</summary>
public sealed class TorchCheckpointTests
{
    private static readonly RawTensor Norm = new("norm.weight", [2], [1, 2, 3, 4, 5, 6, 7, 8]);
    private static readonly RawTensor Half = new("output.weight", [2, 3], [.. Enumerable.Range(0, 14).Select(i => (byte)i)]) { Storage = "HalfStorage", Offset = 1 };

    [Fact]
    public void Tensors_are_views_of_the_file()
    {
        using var folder = new TemporaryFolder();
        using var file = TorchCheckpoint.Open(folder.Write("a.pth", RawCheckpoint.Of(Norm, Half)));
        Assert.Equal(["norm.weight", "output.weight"], file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Norm.Data, file.Data(file.Tensors["norm.weight"]).Span(0, 8).ToArray());
        var half = file.Tensors["output.weight"];
        Assert.Equal(Kernels.TensorType.F16, half.Type);
        Assert.Equal([2, 3], half.Shape.AsEnumerable());
        Assert.Equal(Enumerable.Range(2, 12).Select(i => (byte)i), file.Data(half).Span(0, 12).ToArray());
    }

    [Theory]
    // What Python's pickle writes of {"a._extra_state": io.BytesIO(b"\x80abc"), "b._extra_state": io.BytesIO()}, in protocols 2 and 4.
    [InlineData("gAJ9cQAoWA4AAABhLl9leHRyYV9zdGF0ZXEBY19pbwpCeXRlc0lPCnECKYFxA2NfY29kZWNzCmVuY29kZQpxBFgFAAAAwoBhYmNxBVgGAAAAbGF0aW4xcQaGcQdScQhLAE6HcQliWA4AAABiLl9leHRyYV9zdGF0ZXEKaAIpgXELY19fYnVpbHRpbl9fCmJ5dGVzCnEMKVJxDUsATodxDmJ1Lg==")]
    [InlineData("gASVVwAAAAAAAAB9lCiMDmEuX2V4dHJhX3N0YXRllIwDX2lvlIwHQnl0ZXNJT5STlCmBlEMEgGFiY5RLAE6HlGKMDmIuX2V4dHJhX3N0YXRllGgEKYGUQwCUSwBOh5RidS4=")]
    public void States_of_layers_are_passed_over(string pickle)
    {
        using var folder = new TemporaryFolder();
        using var states = TorchCheckpoint.Open(folder.Write("a.pth", RawCheckpoint.Archive(Convert.FromBase64String(pickle))));
        Assert.Empty(states.Tensors);

        RawTensor[] both = [new("a._extra_state", [], [1, 2, 0xFF]) { Storage = "BytesIO" }, Norm, new("b._extra_state", [], []) { Storage = "BytesIO" }];
        using var mixed = TorchCheckpoint.Open(folder.Write("b.pth", RawCheckpoint.Of(both)));
        Assert.Equal(Norm.Data, mixed.Data(Assert.Single(mixed.Tensors.Values)).Span(0, 8).ToArray());
    }

    [Theory]
    [InlineData("cos\nsystem\n(X\u0004\0\0\0true tR.", "os.system")]
    [InlineData("c__builtin__\neval\n.", "__builtin__.eval")]
    [InlineData("cbuiltins\ngetattr\n.", "builtins.getattr")]
    [InlineData("ctorch\nLongStorage\n.", "torch.LongStorage")]
    [InlineData("ctorch._utils\n_rebuild_parameter\n.", "torch._utils._rebuild_parameter")]
    [InlineData("X\u0002\0\0\0osX\u0006\0\0\0system\u0093.", "os.system")]
    [InlineData("(X\u0001\0\0\0aios\nsystem\n.", "0x69")] // INST
    [InlineData("}(otb.", "0x6F")] // OBJ
    [InlineData("}\u0081.", "a tuple was expected")] // NEWOBJ
    [InlineData("})\u0081.", "a new object of something")]
    [InlineData("ccollections\nOrderedDict\n)\u0081.", "a new object of something")]
    [InlineData("c_io\nBytesIO\nX\u0001\0\0\0a\u0085\u0081.", "a new object of something")]
    [InlineData("c_io\nBytesIO\n)R.", "neither an empty dictionary nor a tensor")]
    [InlineData("c_io\nopen\n.", "_io.open")]
    [InlineData("c_io\nFileIO\n.", "_io.FileIO")]
    [InlineData("cio\nopen\n.", "io.open")]
    [InlineData("c_codecs\ndecode\n.", "_codecs.decode")]
    [InlineData("c_codecs\nopen\n.", "_codecs.open")]
    [InlineData("c_codecs\nencode\nX\u0001\0\0\0aX\u0004\0\0\0utf8\u0086R.", "neither an empty dictionary nor a tensor")]
    [InlineData("c_codecs\nencode\n(X\u0001\0\0\0aX\u0006\0\0\0latin1X\u0001\0\0\0atR.", "neither an empty dictionary nor a tensor")]
    [InlineData("c__builtin__\nbytes\nK\u0001\u0085R.", "neither an empty dictionary nor a tensor")]
    [InlineData("C\u0005ab.", "bytes were expected")]
    [InlineData("B\u00FF\u00FF\u00FF\u00FFa.", "bytes were expected")]
    [InlineData("}X\u0001\0\0\0ac_io\nBytesIO\n)\u0081s.", "the entry 'a' is not a tensor")]
    [InlineData("}X\u000E\0\0\0a._extra_stateC\u0001as.", "the entry 'a._extra_state' is not a tensor")]
    [InlineData("Pabc\n.", "0x50")] // PERSID
    [InlineData("\u0082\u0001.", "0x82")] // EXT1
    [InlineData("ctorch\nFloatStorage\n)R.", "neither an empty dictionary nor a tensor")]
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR.", "neither an empty dictionary nor a tensor")]
    [InlineData("K\u0001Q.", "a reference to data outside")]
    [InlineData("K\u0001.", "not a dictionary of tensors")]
    [InlineData("}X\u0001\0\0\0aK\u0001s.", "the entry 'a' is not a tensor")]
    [InlineData("}(X\u0001\0\0\0aNX\u0001\0\0\0aNu.", "occurs twice")]
    [InlineData("}K\u0001Ns.", "key is not a text")]
    [InlineData("NNNs.", "no dictionary")]
    [InlineData("h\u0007.", "never remembered")]
    [InlineData("s.", "stack is empty")]
    [InlineData("}(s.", "stack is empty")]
    [InlineData("t.", "no mark")]
    [InlineData(".", "stack is empty")]
    [InlineData("}", "bytes were expected")]
    [InlineData("X\u00FF\u00FF\u00FF\u007Fa.", "bytes were expected")]
    [InlineData("X\u00FF\u00FF\u00FF\u00FFa.", "bytes were expected")]
    [InlineData("X\u0001\0\0\0\u00FF.", "not valid UTF-8")]
    [InlineData("cos", "a name has no end")]
    [InlineData("\u0080\u0009.", "protocol 9")]
    public void A_pickle_that_says_more_than_weights_is_refused_by_name(string pickle, string words)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("a.pth", RawCheckpoint.Archive(Encoding.Latin1.GetBytes(pickle)));
        var error = Assert.Throws<ModelFormatException>(() => TorchCheckpoint.Open(path));
        Assert.Equal((path, "data.pkl"), (error.Path, error.Field));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_that_grows_without_end_is_stopped()
    {
        using var folder = new TemporaryFolder();
        foreach (var bomb in (string[])[new('N', 3_000_000), new('(', 3_000_000), "}" + new string('q', 2_000_000), string.Concat(Enumerable.Repeat("Nq\u0001h\u0001", 900_000))])
        {
            var path = folder.Write("a.pth", RawCheckpoint.Archive(Encoding.Latin1.GetBytes(bomb)));
            Assert.Throws<ModelFormatException>(() => TorchCheckpoint.Open(path));
        }
    }

    public static TheoryData<string> TensorFaults => ["strides", "count", "offset", "overflow", "storage"];

    [Theory]
    [MemberData(nameof(TensorFaults))]
    public void A_tensor_that_does_not_fit_its_storage_is_named(string fault)
    {
        var (tensor, words) = fault switch
        {
            "strides" => (new RawTensor("w", [2, 2], new byte[16]) { Strides = [1, 2] }, "one after another"),
            "count" => (new RawTensor("w", [2, 2], new byte[16]) { Count = 5 }, "do not fit"),
            "offset" => (new RawTensor("w", [2, 2], new byte[16]) { Offset = 1 }, "do not fit"),
            "overflow" => (new RawTensor("w", [int.MaxValue, int.MaxValue, int.MaxValue, 1], new byte[16]) { Strides = [int.MaxValue, int.MaxValue, 1, 1] }, ""),
            _ => (new RawTensor("w", [2, 2], new byte[16]), "not in the archive"),
        };
        using var folder = new TemporaryFolder();
        byte[][] storages = fault == "storage" ? [] : [tensor.Data];
        var path = folder.Write("a.pth", RawCheckpoint.Archive(RawCheckpoint.Pickle([tensor]), storages));
        var error = Assert.Throws<ModelFormatException>(() => TorchCheckpoint.Open(path));
        Assert.Equal("w", error.Field);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_archive_that_is_compressed_cut_off_or_none_is_refused()
    {
        using var folder = new TemporaryFolder();
        using (var stream = new MemoryStream())
        {
            using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            using (var member = zip.CreateEntry("a/data.pkl").Open())
                member.Write(new byte[1000]);
            Refused(stream.ToArray(), "compressed");
        }
        var valid = RawCheckpoint.Of(Norm, Half);
        Refused(valid[..^30], "no zip archive", "not a zip archive");
        Refused([], "empty");
        Refused("just text"u8.ToArray(), "not a zip archive");

        void Refused(byte[] bytes, params string[] words)
        {
            var error = Assert.Throws<ModelFormatException>(() => TorchCheckpoint.Open(folder.Write("a.pth", bytes)));
            Assert.Contains(words, word => error.Message.Contains(word, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        const int Seed = 20261123, Files = 4_000;
        using var folder = new TemporaryFolder();
        var valid = RawCheckpoint.Of(Norm, Half, new RawTensor("a._extra_state", [], [1, 2, 3]) { Storage = "BytesIO" });
        var path = folder.Write("a.pth", valid);
        var random = new Random(Seed);
        var (opened, refused) = (0, new HashSet<string>());
        for (var i = 0; i < Files; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            File.WriteAllBytes(path, damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = TorchCheckpoint.Open(path);
                foreach (var tensor in file.Tensors.Values)
                    _ = file.Data(tensor).Span(0, (int)tensor.Bytes).IndexOf((byte)0xEE);
                opened++;
            }
            catch (ModelFormatException error)
            {
                Assert.Equal(path, error.Path);
                refused.Add(error.Message[error.Message.LastIndexOf(':')..]);
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20, $"Seed {Seed}, file {i}");
        }
        Assert.InRange(opened, Files / 50, Files * 9 / 10);
        Assert.True(refused.Count > 50, $"only {refused.Count} different refusals");
    }
}
