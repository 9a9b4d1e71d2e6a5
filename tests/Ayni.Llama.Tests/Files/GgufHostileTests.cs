using Ayni.Kernels;

namespace Ayni.Llama.Tests;

/// <summary>One file for each rule of the format, broken in just that place: the error names the field and the byte.</summary>
public sealed class GgufHostileTests
{
    private const uint U8 = 0, U16 = 2, U32 = 4, F32 = 6, Bool = 7, String = 8, Array = 9, U64 = 10, Unknown = 13;

    // The name of the case, the file, the field at fault and words the message must contain.
    private static readonly (string Case, RawGguf File, string Field, string Words)[] Cases =
    [
        // Header
        ("version 0", new RawGguf(0).FaultAt(4), "version", "version 0 "),
        ("version 1", new RawGguf(1).FaultAt(4), "version", "version 1 "),
        ("version 4", new RawGguf(4).FaultAt(4), "version", "it reads 2 and 3"),
        ("big-endian", new RawGguf(0x03000000).FaultAt(4), "version", "big-endian GGUF file (version 3)"),
        ("tensor count beyond the limit", new RawGguf(tensors: 65_537).FaultAt(8), "tensor_count", "65537"),
        ("tensor count of all ones", new RawGguf(tensors: ulong.MaxValue).FaultAt(8), "tensor_count", "18446744073709551615"),
        ("tensor count beyond the file", new RawGguf(tensors: 1).FaultAt(8), "tensor_count", "is it complete?"),
        ("pair count beyond the limit", new RawGguf(pairs: 65_537).FaultAt(16), "metadata_kv_count", "65537"),
        ("pair count of the sign bit", new RawGguf(pairs: 1UL << 63).FaultAt(16), "metadata_kv_count", "9223372036854775808"),
        ("pair count beyond the file", new RawGguf(pairs: 60_000).FaultAt(16), "metadata_kv_count", "0 bytes remain"),

        // Keys
        ("key length beyond the file", new RawGguf(pairs: 1).Fault().UInt64(1000).Bytes(new byte[20]), "metadata[0].key",
            "20 bytes remain"),
        ("key length of all ones", new RawGguf(pairs: 1).Fault().UInt64(ulong.MaxValue).Bytes(new byte[20]), "metadata[0].key",
            "does not fit"),
        ("key too long", new RawGguf(pairs: 1).Fault().Text(new byte[65_536]), "metadata[0].key", "longer than the 65535"),
        ("key empty", new RawGguf(pairs: 1).Fault().Pair("", U64).UInt64(1), "metadata[0].key", "is empty"),
        ("key not UTF-8", new RawGguf(pairs: 1).UInt64(5).Bytes("ab"u8).Fault().Bytes([0xFF, 0x61, 0x61]).UInt32(U32).UInt32(1),
            "metadata[0].key", "not valid UTF-8"),
        ("key with an escape sequence", new RawGguf(pairs: 2).Pair("a", U32).UInt32(1).Fault().Pair("x\u001b[2J", U32).UInt32(1),
            "metadata[1].key", "U+001B"),
        ("key twice", new RawGguf(pairs: 2).Pair("k", U32).UInt32(1).Pair("k", U32).Fault().UInt32(1), "k", "twice"),

        // Values
        ("value type unknown", new RawGguf(pairs: 1).Text("k").Fault().UInt32(Unknown).UInt64(0), "k", "value type 13"),
        ("value type of all ones", new RawGguf(pairs: 1).Text("k").Fault().UInt32(uint.MaxValue).UInt64(0), "k", "value type 4294967295"),
        ("value cut off", new RawGguf(pairs: 1).Pair("k", U64).Fault().UInt32(1), "k", "8 bytes were expected; 4 bytes remain"),
        ("value missing", new RawGguf(pairs: 1).Pair("key", U64).Fault(), "key", "8 bytes were expected; 0 bytes remain"),
        ("truth value 2", new RawGguf(pairs: 1).Pair("k", Bool).Fault().Bytes([2]), "k", "truth value is 2"),
        ("text beyond the file", new RawGguf(pairs: 1).Pair("k", String).Fault().UInt64(9).Bytes("12345678"u8), "k", "string of 9 bytes"),
        ("text of negative length", new RawGguf(pairs: 1).Pair("k", String).Fault().UInt64(ulong.MaxValue).Bytes("1"u8), "k",
            "does not fit"),
        ("text not UTF-8", new RawGguf(pairs: 1).Pair("k", String).UInt64(4).Bytes("abc"u8).Fault().Bytes([0xC3]), "k", "not valid UTF-8"),
        ("text with a surrogate", new RawGguf(pairs: 1).Pair("k", String).UInt64(3).Fault().Bytes([0xED, 0xA0, 0x80]), "k",
            "not valid UTF-8"),

        // Arrays
        ("array of arrays", new RawGguf(pairs: 1).Pair("k", Array).Fault().UInt32(Array).UInt64(0), "k", "array of arrays"),
        ("array element type unknown", new RawGguf(pairs: 1).Pair("k", Array).Fault().UInt32(Unknown).UInt64(0), "k", "element type 13"),
        ("array too long by one", new RawGguf(pairs: 1).Pair("k", Array).UInt32(U16).Fault().UInt64(5).Bytes(new byte[8]), "k",
            "5 elements"),
        ("array of all ones", new RawGguf(pairs: 1).Pair("k", Array).UInt32(F32).Fault().UInt64(ulong.MaxValue), "k", "does not fit"),
        ("array whose bytes overflow", new RawGguf(pairs: 1).Pair("k", Array).UInt32(U64).Fault().UInt64((1UL << 61) + 1).UInt64(0), "k",
            "does not fit"),
        ("array of more texts than bytes", new RawGguf(pairs: 1).Pair("k", Array).UInt32(String).Fault().UInt64(3).Text("").Text(""), "k",
            "3 elements"),
        ("array of bytes, cut off", new RawGguf(pairs: 1).Pair("k", Array).UInt32(U8).Fault().UInt64(4).Bytes([1, 2, 3]), "k",
            "4 elements"),
        ("array text beyond the file", new RawGguf(pairs: 1).Pair("k", Array).UInt32(String).UInt64(2).Text("a")
            .Fault().UInt64(7).Bytes([1]), "k", "string of 7 bytes"),
        ("array text not UTF-8", new RawGguf(pairs: 1).Pair("k", Array).UInt32(String).UInt64(2).Text("a").UInt64(2)
            .Fault().Bytes([0x80, 0x80]), "k", "not valid UTF-8"),
        ("array truth value 255", new RawGguf(pairs: 1).Pair("k", Array).UInt32(Bool).UInt64(3).Bytes([0, 1]).Fault().Bytes([255]), "k",
            "is 255"),

        // Keys with a meaning for the file itself
        ("alignment 0", new RawGguf(pairs: 1).Pair("general.alignment", U32).Fault().UInt32(0), "general.alignment",
            "0 is not a power of two"),
        ("alignment 48", new RawGguf(pairs: 1).Pair("general.alignment", U32).Fault().UInt32(48), "general.alignment",
            "48 is not a power of two"),
        ("alignment 2 MiB", new RawGguf(pairs: 1).Pair("general.alignment", U32).Fault().UInt32(1 << 21), "general.alignment", "1048576"),
        ("alignment as text", new RawGguf(pairs: 1).Pair("general.alignment", String).Fault().Text("32"), "general.alignment",
            "whole number"),
        ("more parts than there can be", new RawGguf(pairs: 1).Pair("split.count", U16).Fault().Bytes([255, 255]), "split.count", "65535"),

        // Tensors
        ("tensor name beyond the file", new RawGguf(tensors: 1).Fault().UInt64(1 << 20).Bytes(new byte[40]), "tensors[0].name",
            "does not fit"),
        ("tensor name too long", new RawGguf(tensors: 1).Fault().Text(new byte[257]).Bytes(new byte[40]), "tensors[0].name",
            "longer than the 256"),
        ("tensor name empty", new RawGguf(tensors: 1).Fault().Tensor("", TensorType.F32, 0, 1).Bytes(new byte[8]), "tensors[0].name",
            "is empty"),
        ("tensor name not UTF-8", new RawGguf(tensors: 1).UInt64(2).Bytes([0x61])
            .Fault().Bytes([0xFE]).Bytes(new byte[40]), "tensors[0].name", "not valid UTF-8"),
        ("tensor name with a line end", new RawGguf(tensors: 1).Fault().Tensor("a\nb", TensorType.F32, 0, 1), "tensors[0].name", "U+000A"),
        ("no dimensions", new RawGguf(tensors: 1).Text("w").Fault().UInt32(0).Bytes(new byte[40]), "w", "has 0 dimensions"),
        ("five dimensions", new RawGguf(tensors: 1).Text("w").Fault().UInt32(5).Bytes(new byte[64]), "w", "has 5 dimensions"),
        ("dimensions of all ones", new RawGguf(tensors: 1).Text("w").Fault().UInt32(uint.MaxValue).Bytes(new byte[64]), "w", "4294967295"),
        ("description cut off", new RawGguf(tensors: 1).Text("weight").UInt32(3).UInt64(1).UInt64(1).Fault().UInt32(1), "weight",
            "4 bytes remain"),
        ("a dimension of zero", new RawGguf(tensors: 1).Text("w").UInt32(2).UInt64(32).Fault().UInt64(0).UInt32(0).UInt64(0), "w",
            "dimension 1 is zero"),
        ("a dimension of all ones", new RawGguf(tensors: 1).Text("w").UInt32(1).Fault().UInt64(ulong.MaxValue).UInt32(0).UInt64(0), "w",
            "overflows"),
        ("weights overflow", new RawGguf(tensors: 1).Text("w").UInt32(2).UInt64(1UL << 32)
            .Fault().UInt64(1UL << 31).UInt32(0).UInt64(0), "w", "dimension 1 is 2147483648: the number of weights overflows"),
        ("bytes overflow", new RawGguf(tensors: 1).Text("w").UInt32(1)
            .Fault().UInt64(1UL << 61).UInt32((uint)TensorType.F64).UInt64(0), "w", "the number of bytes overflows"),
        ("type unknown", new RawGguf(tensors: 1).Shape("w", 32).Fault().UInt32(999).UInt64(0), "w",
            "has type number 999, which is unknown; readable: F32, F16, BF16, Q4_0, Q4_1, Q5_0"),
        ("type of all ones", new RawGguf(tensors: 1).Shape("w", 32).Fault().UInt32(uint.MaxValue).UInt64(0), "w", "4294967295"),
        ("rows that are not whole blocks", new RawGguf(tensors: 1).Text("w").UInt32(2).Fault().UInt64(48).UInt64(2)
            .UInt32((uint)TensorType.Q4_0).UInt64(0), "w", "rows of 48 weights, which are not whole blocks of 32 as Q4_0 needs"),
        ("data not aligned", new RawGguf(tensors: 1).Shape("w", 4).UInt32(0).Fault().UInt64(16).Pad().Bytes(new byte[64]), "w",
            "not a multiple of the alignment 32"),
        ("data beyond the file", new RawGguf(tensors: 1).Shape("w", 4).UInt32(0).Fault().UInt64(1024).Pad().Bytes(new byte[64]), "w",
            "reach beyond"),
        ("data end beyond the file", new RawGguf(tensors: 1).Shape("w", 17).UInt32(0).Fault().UInt64(0).Pad().Bytes(new byte[64]), "w",
            "its 68 bytes at data offset 0 reach beyond the file's 64 bytes of data"),
        ("data offset of all ones", new RawGguf(tensors: 1).Shape("w", 4).UInt32(0)
            .Fault().UInt64(ulong.MaxValue & ~31UL).Pad().Bytes(new byte[64]), "w", "reach beyond"),
        ("data end overflows", new RawGguf(tensors: 1).Shape("w", 1UL << 60).UInt32(0)
            .Fault().UInt64(long.MaxValue & ~31L).Pad().Bytes(new byte[64]), "w", "reach beyond"),
        ("no data at all", new RawGguf(tensors: 1).Shape("w", 1).UInt32(0).Fault().UInt64(0), "w", "0 bytes of data"),
        ("two tensors of one name", new RawGguf(tensors: 2).Tensor("w", TensorType.F32, 0, 8).Fault().Tensor("w", TensorType.F32, 32, 8)
            .Pad().Bytes(new byte[64]), "w", "two tensors have this name"),
        ("tensors that overlap", new RawGguf(tensors: 2).Fault().Tensor("late", TensorType.F32, 32, 8).Tensor("early", TensorType.F32, 0, 9)
            .Pad().Bytes(new byte[64]), "late", "overlap those of early"),
        ("tensors at one place", new RawGguf(tensors: 2).Tensor("a", TensorType.F32, 0, 8).Fault().Tensor("b", TensorType.F32, 0, 8)
            .Pad().Bytes(new byte[64]), "b", "overlap those of a"),
    ];

    public static TheoryData<string> CaseNames => [.. Cases.Select(one => one.Case)];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_hostile_file_is_refused_with_its_field_and_offset(string name)
    {
        var (_, file, field, words) = Cases.Single(one => one.Case == name);
        using var folder = new TemporaryFolder();
        var path = folder.Write("hostile.gguf", file.ToArray());

        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(path, error.Path);
        Assert.Equal(field, error.Field);
        Assert.Equal(file.FaultOffset, error.Offset);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{path}: {field} at byte {file.FaultOffset}: ", error.Message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Theory]
    [InlineData(4, "version", 4)]
    [InlineData(7, "version", 4)]
    [InlineData(8, "tensor_count", 8)]
    [InlineData(15, "tensor_count", 8)]
    [InlineData(16, "metadata_kv_count", 16)]
    [InlineData(23, "metadata_kv_count", 16)]
    public void A_header_cut_off_names_the_field_that_is_missing(int length, string field, long offset)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("short.gguf", new RawGguf().ToArray()[..length]);
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Equal((field, offset), (error.Field, error.Offset));
    }

    // Sparse files: large, but nothing on the disk.
    [Fact]
    public void A_text_beyond_its_limit_is_refused_before_it_is_read()
    {
        var file = new RawGguf(pairs: 1).Pair("k", String).Fault().UInt64((64 << 20) + 1);
        AssertRefusedWhenStretched(file, 70 << 20, "longer than the 67108864");
    }

    [Fact]
    public void Metadata_beyond_the_limit_are_refused_before_they_are_read()
    {
        var file = new RawGguf(pairs: 1).Pair("k", Array).UInt32(U8).Fault().UInt64(290 << 20);
        AssertRefusedWhenStretched(file, 300L << 20, "of the 268435456 that Ayni allows before the weights");
    }

    private static void AssertRefusedWhenStretched(RawGguf file, long length, string words)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("large.gguf", file.ToArray());
        using (var stream = new FileStream(path, FileMode.Open))
            stream.SetLength(length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal(("k", file.FaultOffset), (error.Field, error.Offset));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }
}
