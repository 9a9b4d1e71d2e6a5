namespace Ayni.Llama.Tests;

/// <summary>The safetensors reader: what a file says, and one file for each rule of the format, broken in just that place.</summary>
public sealed class SafetensorsFileTests
{
    // The name of the case, the file, the field at fault and words the message must contain.
    private static readonly (string Case, byte[] File, string Field, string Words)[] Cases =
    [
        ("nine bytes", [2, 0, 0, 0, 0, 0, 0, 0], "header_length", "only 8 bytes"),
        ("not safetensors", "GGUF\0\0\0\0\0\0\0\0"u8.ToArray(), "header", "not a safetensors file"),
        ("length beyond the file", [200, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'], "header_length", "do not fit"),
        ("length beyond the bound", [0, 0, 0, 0, 1, 0, 0, 0, (byte)'{', (byte)'}'], "header_length", "more than the"),
        ("length of all ones", [255, 255, 255, 255, 255, 255, 255, 255, (byte)'{', (byte)'}'], "header_length", "18446744073709551615"),
        ("no JSON", RawSafetensors.Of("{\"a\":", 0), "a", "not valid JSON"),
        ("too deep", RawSafetensors.Of("{\"a\":{\"shape\":[[[[[1]]]]]}}", 0), "a", "whole numbers"),
        ("two objects", RawSafetensors.Of("{} {}", 0), "header", "not valid JSON"),
        ("name twice", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8),
            "a", "occurs twice"),
        ("empty name", RawSafetensors.Of("""{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4), "header", "0 characters"),
        ("half a character", RawSafetensors.Of("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4), "header", "UTF-8"),
        ("bytes that are no text", RawSafetensors.Of("{\"\xFF\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "header", "UTF-8"),
        ("metadata of numbers", RawSafetensors.Of("""{"__metadata__":{"a":1}}""", 0), "a", "expected String"),
        ("tensor is a number", RawSafetensors.Of("""{"a":1}""", 0), "a", "expected StartObject"),
        ("unknown field", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"b":1}}""", 4), "a", "unknown field 'b'"),
        ("field twice", RawSafetensors.Of("""{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}""", 4), "a", "dtype occurs twice"),
        ("no shape", RawSafetensors.Of("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4), "a", "are needed"),
        ("one offset", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", 4), "a", "are needed"),
        ("unknown type", RawSafetensors.Of("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4), "a", "dtype 'F31' is unknown"),
        ("negative size", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4), "a", "whole numbers"),
        ("size with a fraction", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4), "a", "whole numbers"),
        ("nine dimensions", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4), "a", "more than 8"),
        ("shape that overflows", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0), "a", "impossibly large"),
        ("half a byte", RawSafetensors.Of("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}""", 1), "a", "whole bytes"),
        ("end before start", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4), "a", "does not lie"),
        ("end beyond the file", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7), "a", "is the file complete?"),
        ("end of all ones", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", 8), "a", "does not lie"),
        ("bytes unlike the shape", RawSafetensors.Of("""{"a":{"dtype":"F16","shape":[3],"data_offsets":[0,4]}}""", 4), "a", "takes 6 bytes"),
        ("overlap", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8),
            "b", "overlaps that of a"),
        ("gap", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12),
            "b", "belong to no tensor"),
        ("bytes after the end", RawSafetensors.Of("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 9), "data", "5 bytes after the last tensor"),
    ];

    public static TheoryData<string> CaseNames => [.. Cases.Select(item => item.Case)];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_hostile_file_is_refused_with_its_field(string name)
    {
        var (_, bytes, field, words) = Cases.Single(item => item.Case == name);
        using var folder = new TemporaryFolder();
        var path = folder.Write("model.safetensors", bytes);
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(path));
        Assert.Equal(path, error.Path);
        Assert.Equal(field, error.Field);
        Assert.InRange(error.Offset, 0, bytes.Length);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_are_read_whatever_the_order_of_their_names_and_the_header_may_end_in_spaces()
    {
        using var folder = new TemporaryFolder();
        var header = """{"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]},"none":{"data_offsets":[4,4],"dtype":"F32","shape":[0]}"""
            + """,  "a":{"shape":[],"dtype":"F32","data_offsets":[0,4]}}   """;
        using var file = SafetensorsFile.Open(folder.Write("x.safetensors", RawSafetensors.Of(header, [1, 2, 3, 4, 5, 6, 7, 8])));
        Assert.Equal(["a", "none", "b"], file.Tensors.Select(tensor => tensor.Name));
        var b = file.Find("b")!;
        Assert.Equal("BF16", b.Type.Name);
        Assert.Equal([2, 1], b.Shape.AsEnumerable());
        Assert.Equal([5, 6, 7, 8], file.Data(b).Span(0, 4).ToArray());
        Assert.Equal(0, file.Find("none")!.Bytes);
        Assert.Null(file.Find("c"));
    }
}
