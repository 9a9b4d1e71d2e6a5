using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>A model in several GGUF files is one model, whichever of them is given.</summary>
public sealed class GgufSplitTests : IDisposable
{
    private const int Parts = 3;

    private readonly TemporaryModel _whole = new(new TinyModel());
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _whole.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Any_part_and_their_folder_open_the_whole_model()
    {
        Split();
        int[] ids = [1, 260, 270, 265, 280];
        using var whole = LlamaModel.Load(_whole.Path, KernelTier.Simd, 2);
        var expected = MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(whole, ids)).ToArray();
        foreach (var path in (string[])[PathOf(1), PathOf(2), PathOf(3), _folder.Name])
        {
            using var split = LlamaModel.Load(path, KernelTier.Simd, 2);
            Assert.Equal("tiny", split.Name);
            Assert.Equal(whole.Config, split.Config);
            Assert.Equal(expected, MemoryMarshal.Cast<float, int>(ReferenceModel.Logits(split, ids)).ToArray());
        }
    }

    [Fact]
    public void The_digest_covers_all_parts_in_order()
    {
        Split();
        using var source = ModelSource.Open(PathOf(3));
        Assert.Equal("GGUF v3 in 3 files", source.Format);
        Assert.Equal([PathOf(1), PathOf(2), PathOf(3)], source.Files);
        var digests = Enumerable.Range(1, Parts).SelectMany(i => SHA256.HashData(File.ReadAllBytes(PathOf(i))));
        Assert.Equal(SHA256.HashData(digests.ToArray()), source.ComputeDigest().ToArray());
    }

    [Fact]
    public void Quantizing_joins_the_parts()
    {
        Split();
        var joined = _folder.PathOf("joined.gguf");
        using (var source = GgufFile.Open(PathOf(2)))
            ModelQuantizer.Quantize(source, joined, QuantizationMix.Find("F32")!);
        using var written = GgufFile.Open(joined);
        using var whole = GgufFile.Open(_whole.Path);
        Assert.Equal(whole.Tensors.Count, written.Tensors.Count);
        Assert.DoesNotContain(written.Metadata.Keys, key => key.StartsWith("split.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        Split();
        File.Delete(PathOf(2));
        AssertRefused(PathOf(2), "split.count", "part 2 of 3 is not here, though tiny-00003-of-00003.gguf is", open: 3);
    }

    [Fact]
    public void A_renamed_part_says_how_it_should_be_named()
    {
        Split();
        var renamed = _folder.PathOf("model.gguf");
        File.Move(PathOf(2), renamed);
        AssertRefused(renamed, "split.no", "this is part 2 of 3; only beside a file named …-00002-of-00003.gguf", path: renamed);
    }

    [Fact]
    public void Parts_that_changed_places_are_refused()
    {
        Split();
        File.Copy(PathOf(3), PathOf(2), overwrite: true);
        AssertRefused(PathOf(2), "split.no", "expected part 1 (from 0) by the file's name, found 2");
    }

    [Fact]
    public void A_part_of_another_number_of_files_is_refused()
    {
        Split();
        WritePart(2, 2, count: 4);
        AssertRefused(PathOf(2), "split.count", "the value 4 is not that of part 1 (3); the file is of another model");
    }

    [Fact]
    public void A_part_of_another_model_is_refused()
    {
        Split();
        WritePart(3, 3, name: "Other");
        AssertRefused(PathOf(3), "general.name", "the value Other is not that of part 1 (Tiny); the file is of another model");
    }

    [Fact]
    public void A_tensor_in_two_parts_is_refused()
    {
        Split();
        WritePart(3, 3, also: "token_embd.weight");
        AssertRefused(PathOf(3), "token_embd.weight", "the tensor is in tiny-00001-of-00003.gguf, too");
    }

    [Fact]
    public void Parts_with_too_few_tensors_are_refused()
    {
        Split();
        WritePart(3, 3, without: "blk.1.ffn_down.weight");
        AssertRefused(PathOf(1), "split.tensors.count", "21 tensors are said to be in 3 files, which have 20");
    }

    [Fact]
    public void Two_models_in_a_folder_are_not_chosen_among()
    {
        Split();
        File.Copy(_whole.Path, _folder.PathOf("other.gguf"));
        AssertRefused(_folder.Name, "path", "holds 2 models; give one of other.gguf, tiny-00001-of-00003.gguf", path: _folder.Name);
    }

    [Theory]
    [InlineData(20261123)]
    public void A_damaged_part_is_read_or_refused_and_nothing_else(int seed)
    {
        Split();
        var random = new Random(seed);
        var valid = File.ReadAllBytes(PathOf(2));
        // The part's pairs and descriptions; its weights don't matter here.
        var head = valid.AsSpan(0, 900).ToArray();
        var (opened, refused) = (0, 0);
        for (var i = 0; i < 1500; i++)
        {
            File.WriteAllBytes(PathOf(2), [.. Mutation.Damage(head, random), .. valid.AsSpan(900)]);
            try
            {
                using var file = GgufFile.Open(PathOf(random.Next(1, Parts + 1)));
                // One that no longer says that it is a part is a file of its own.
                Assert.True(file.Tensors.Count == 21 || file.Metadata.Find("split.count") is null);
                opened++;
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }
        Assert.True(opened > 10 && refused > 100, $"{opened} opened, {refused} refused");
    }

    private void AssertRefused(string file, string field, string words, int open = 1, string? path = null)
    {
        var error = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path ?? PathOf(open)));
        Assert.Equal((file, field), (error.Path, error.Field));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    private string PathOf(int part) => _folder.PathOf(string.Create(CultureInfo.InvariantCulture, $"tiny-{part:D5}-of-{Parts:D5}.gguf"));

    private void Split()
    {
        for (var part = 1; part <= Parts; part++)
            WritePart(part, part);
    }

    /// <summary>Writes a part as llama.cpp's tool does: the metadata into the first only, and every third tensor into each.</summary>
    private void WritePart(int file, int part, int count = Parts, string? name = null, string? also = null, string? without = null)
    {
        using var whole = GgufFile.Open(_whole.Path);
        var writer = new GgufWriter();
        foreach (var key in whole.Metadata.Keys.Where(_ => part == 1))
            writer.Add(key, whole.Metadata.Find(key)!);
        if (name is not null)
            writer.Add("general.name", name);
        writer.Add("split.no", (ushort)(part - 1));
        writer.Add("split.count", (ushort)count);
        writer.Add("split.tensors.count", whole.Tensors.Count);
        foreach (var (index, tensor) in whole.Tensors.Index())
        {
            if (tensor.Name != without && (index % Parts == part - 1 || tensor.Name == also))
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(whole.Data(tensor).Span(0, (int)tensor.Bytes)));
        }
        writer.Save(PathOf(file));
    }
}
