using System.Collections.Immutable;
using System.Text;
using Ayni.Kernels;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public sealed class GgufWriterTests
{
    private static readonly object[] ValuesOfEveryType =
    [
        (byte)200, (sbyte)-100, (ushort)60_000, (short)-30_000, 4_000_000_000u, -2_000_000_000, ulong.MaxValue, long.MinValue,
        float.NaN, -0.0, double.Epsilon, true, false, "", "السلام عليكم \0 \U0001F999",
        new byte[] { 0, 255 }, new sbyte[] { -128, 127 }, new ushort[] { 65_535 }, new short[] { -32_768 }, new uint[] { uint.MaxValue, 0 },
        new[] { int.MinValue }, new[] { ulong.MaxValue }, new[] { long.MinValue }, new[] { 1.5f, float.NegativeInfinity },
        new[] { Math.PI },
        new[] { true, false, true }, new[] { "", "▁the", "\n" }, Array.Empty<string>(), Array.Empty<float>(), Array.Empty<bool>(),
    ];

    [Fact]
    public void Values_of_every_type_come_back_as_they_were()
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        for (var i = 0; i < ValuesOfEveryType.Length; i++)
            writer.Add($"key.{i}", ValuesOfEveryType[i]);
        writer.Save(folder.PathOf("m.gguf"));

        using var file = GgufFile.Open(folder.PathOf("m.gguf"));
        Assert.Equal(Enumerable.Range(0, ValuesOfEveryType.Length).Select(i => $"key.{i}"), file.Metadata.Keys);
        for (var i = 0; i < ValuesOfEveryType.Length; i++)
        {
            var found = file.Metadata.Find($"key.{i}");
            Assert.Equal(ValuesOfEveryType[i], found);
            Assert.Equal(ValuesOfEveryType[i].GetType(), found!.GetType());
        }
    }

    [Fact]
    public void Any_metadata_and_tensors_survive_the_round_trip()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("m.gguf");
        Prop.ForAll(Models.ToArbitrary(), model =>
        {
            model.ToWriter().Save(path);
            using var file = GgufFile.Open(path);
            model.AssertEquals(file);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_file_copied_pair_by_pair_and_tensor_by_tensor_is_the_same_file()
    {
        using var folder = new TemporaryFolder();
        var model = Models.Sample(1).Single();
        model.ToWriter().Save(folder.PathOf("a.gguf"));
        using (var file = GgufFile.Open(folder.PathOf("a.gguf")))
        {
            var copy = new GgufWriter();
            foreach (var key in file.Metadata.Keys)
                copy.Add(key, file.Metadata.Find(key)!);
            foreach (var tensor in file.Tensors)
            {
                copy.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions,
                    stream => stream.Write(file.Data(tensor).Span(0, (int)tensor.Bytes)));
            }
            copy.Save(folder.PathOf("b.gguf"));
        }
        Assert.Equal(File.ReadAllBytes(folder.PathOf("a.gguf")), File.ReadAllBytes(folder.PathOf("b.gguf")));
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(64u)]
    [InlineData(4096u)]
    public void The_alignment_key_is_obeyed(uint alignment)
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        writer.Add("general.alignment", alignment);
        writer.AddTensor("a", TensorType.I8, [3], stream => stream.Write([1, 2, 3]));
        writer.AddTensor("b", TensorType.I8, [1], stream => stream.Write([4]));
        writer.Save(folder.PathOf("m.gguf"));
        using var file = GgufFile.Open(folder.PathOf("m.gguf"));
        Assert.Equal(alignment, file.Alignment);
        Assert.All(file.Tensors, tensor => Assert.Equal(0, tensor.Offset % alignment));
        Assert.Equal(Math.Max(3, alignment), file.Tensors[1].Offset - file.Tensors[0].Offset);
        Assert.Equal(4, file.Data(file.Tensors[1]).Span(0, 1)[0]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Data_of_the_wrong_length_leave_no_file_and_the_old_one_untouched(int length)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("m.gguf", [1, 2, 3]);
        var writer = new GgufWriter();
        writer.AddTensor("w", TensorType.F32, [1], stream => stream.Write(new byte[length]));
        var error = Assert.Throws<InvalidOperationException>(() => writer.Save(path));
        Assert.Equal($"w: {length} bytes were written, its shape needs 4.", error.Message);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal(["m.gguf"], Directory.GetFiles(folder.Name).Select(Path.GetFileName));
    }

    [Fact]
    public void A_failure_while_writing_leaves_nothing_under_either_name()
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        writer.AddTensor("w", TensorType.F32, [4096, 64], stream =>
        {
            stream.Write(new byte[500_000]);
            throw new OperationCanceledException();
        });
        Assert.Throws<OperationCanceledException>(() => writer.Save(folder.PathOf("m.gguf")));
        Assert.Empty(Directory.GetFiles(folder.Name));
    }

    [Fact]
    public void A_second_writer_of_the_same_file_is_refused_and_the_first_completes()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("m.gguf");
        var writer = new GgufWriter();
        writer.AddTensor("w", TensorType.I8, [1], stream =>
        {
            Assert.ThrowsAny<IOException>(() => new GgufWriter().Save(path));
            stream.Write([42]);
        });
        writer.Save(path);
        using var file = GgufFile.Open(path);
        Assert.Equal(42, file.Data(file.Tensors[0]).Span(0, 1)[0]);
    }

    [Fact]
    public void What_a_reader_would_refuse_is_not_written()
    {
        var writer = new GgufWriter();
        writer.Add("k", 1);
        writer.AddTensor("w", TensorType.F32, [1], _ => { });
        Assert.Throws<ArgumentException>(() => writer.Add("k", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("", 2));
        Assert.Throws<ArgumentException>(() => writer.Add("a\tb", 2));
        Assert.Throws<ArgumentException>(() => writer.Add(new string('k', 65_536), 2));
        Assert.Throws<ArgumentException>(() => writer.Add("decimal", 2m));
        Assert.Throws<ArgumentException>(() => writer.Add("enum", TensorType.F32));
        Assert.Throws<ArgumentException>(() => writer.Add("nested", new[] { new[] { 1 } }));
        Assert.ThrowsAny<ArgumentException>(() => writer.Add("surrogate", "\uD800"));
        Assert.ThrowsAny<ArgumentException>(() => writer.Add("surrogates", new[] { "fine", "\uDC00" }));
        Assert.Throws<ArgumentNullException>(() => writer.Add("null", new string[] { null! }));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 48u));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 0u));
        Assert.Throws<ArgumentException>(() => writer.Add("general.alignment", 32));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("w", TensorType.F32, [1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", TensorType.F32, [], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", TensorType.F32, [1, 1, 1, 1, 1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", TensorType.F32, [4, 0], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor("v", TensorType.Q4_0, [48, 2], _ => { }));
        Assert.Throws<OverflowException>(() => writer.AddTensor("v", TensorType.F32, [1L << 40, 1L << 40], _ => { }));
        Assert.ThrowsAny<ArgumentException>(() => writer.AddTensor("v", (TensorType)999, [1], _ => { }));
        Assert.Throws<ArgumentException>(() => writer.AddTensor(new string('v', 257), TensorType.F32, [1], _ => { }));
    }

    private static readonly Gen<string> Texts =
        Gen.Elements("", "a", "▁token", "مفتاح", "\U0001F999", "\0", "\n\t", "<|eot_id|>").Or(
            ArbMap.Default.GeneratorFor<string>().Where(text => text is not null).Select(WithoutLoneSurrogates));

    private static readonly Gen<object> Values = Gen.OneOf(
        Gen.Elements(ValuesOfEveryType),
        Texts.Select(text => (object)text),
        Texts.ArrayOf().Select(texts => (object)texts),
        ArbMap.Default.GeneratorFor<int[]>().Where(numbers => numbers is not null).Select(numbers => (object)numbers),
        ArbMap.Default.GeneratorFor<float[]>().Where(numbers => numbers is not null).Select(numbers => (object)numbers),
        ArbMap.Default.GeneratorFor<double>().Select(number => (object)number));

    private static readonly Gen<TensorCase> Tensors =
        from type in Gen.Elements(Enum.GetValues<TensorType>())
        from blocks in Gen.Choose(1, 3)
        from others in Gen.Choose(1, 4).ArrayOf().Where(rest => rest.Length <= 3)
        from seed in Gen.Choose(0, int.MaxValue)
        select new TensorCase(type, [TensorTypes.FormatOf(type).Weights * (long)blocks, .. others.Select(other => (long)other)], seed);

    private static readonly Gen<Model> Models =
        from values in Values.ArrayOf()
        from tensors in Tensors.ArrayOf()
        from alignment in Gen.Choose(-1, 10)
        select new Model(values, tensors, alignment);

    // Lone surrogates have no UTF-8; the writer refuses them.
    private static string WithoutLoneSurrogates(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private sealed record TensorCase(TensorType Type, ImmutableArray<long> Dimensions, int Seed)
    {
        public byte[] Bytes()
        {
            var bytes = new byte[TensorTypes.FormatOf(Type).BytesOf(Dimensions.Aggregate(1L, (a, b) => a * b))];
            new Random(Seed).NextBytes(bytes);
            return bytes;
        }
    }

    // The alignment is a power of two; a negative exponent leaves the key out.
    private sealed record Model(object[] Values, TensorCase[] Tensors, int AlignmentExponent)
    {
        public GgufWriter ToWriter()
        {
            var writer = new GgufWriter();
            if (AlignmentExponent >= 0)
                writer.Add("general.alignment", 1u << AlignmentExponent);
            for (var i = 0; i < Values.Length; i++)
                writer.Add($"مفتاح.{i}", Values[i]);
            for (var i = 0; i < Tensors.Length; i++)
            {
                var tensor = Tensors[i];
                writer.AddTensor($"blk.{i}.weight", tensor.Type, tensor.Dimensions, stream => stream.Write(tensor.Bytes()));
            }
            return writer;
        }

        public void AssertEquals(GgufFile file)
        {
            Assert.Equal(AlignmentExponent >= 0 ? 1L << AlignmentExponent : 32, file.Alignment);
            for (var i = 0; i < Values.Length; i++)
                Assert.Equal(Values[i], file.Metadata.Find($"مفتاح.{i}"));
            Assert.Equal(Tensors.Length, file.Tensors.Count);
            for (var i = 0; i < Tensors.Length; i++)
            {
                var tensor = file.Find($"blk.{i}.weight")!;
                Assert.Equal(Tensors[i].Type, tensor.Type);
                Assert.Equal(Tensors[i].Dimensions.AsEnumerable(), tensor.Dimensions);
                Assert.Equal(0, tensor.Offset % file.Alignment);
                Assert.Equal(Tensors[i].Bytes(), file.Data(tensor).Span(0, (int)tensor.Bytes).ToArray());
            }
        }
    }
}
