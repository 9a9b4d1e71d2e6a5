namespace Ayni.Llama.Tests;

public sealed class GgufMetadataTests
{
    private static readonly GgufMetadata Metadata = new("m.gguf",
    [
        ("text", "نص", 30),
        ("byte", (byte)7, 40),
        ("negative", (sbyte)-7, 50),
        ("huge", ulong.MaxValue, 60),
        ("real", 1.5f, 70),
        ("yes", true, 80),
        ("signed", new[] { 1, -1 }, 90),
        ("unsigned", new uint[] { 1, 2 }, 100),
        ("words", new[] { "a", "b" }, 110),
    ]);

    [Fact]
    public void Values_are_found_by_kind_and_absent_keys_are_null()
    {
        Assert.Equal("نص", Metadata.FindString("text"));
        Assert.Equal(7, Metadata.FindInteger("byte"));
        Assert.Equal(-7, Metadata.FindInteger("negative"));
        Assert.Equal(-7, Metadata.FindNumber("negative"));
        Assert.Equal(1.5, Metadata.FindNumber("real"));
        Assert.True(Metadata.FindBoolean("yes"));
        Assert.Equal(["a", "b"], Metadata.FindArray<string>("words")!);
        Assert.Null(Metadata.FindString("none"));
        Assert.Null(Metadata.FindInteger("none"));
        Assert.Null(Metadata.FindNumber("none"));
        Assert.Null(Metadata.FindBoolean("none"));
        Assert.Null(Metadata.FindArray<int>("none"));
    }

    [Fact]
    public void A_value_of_another_kind_is_refused_with_key_and_offset()
    {
        AssertRefused("byte", 40, () => Metadata.FindString("byte"));
        AssertRefused("huge", 60, () => Metadata.FindInteger("huge"));
        AssertRefused("real", 70, () => Metadata.FindInteger("real"));
        AssertRefused("text", 30, () => Metadata.FindNumber("text"));
        AssertRefused("byte", 40, () => Metadata.FindBoolean("byte"));
        AssertRefused("words", 110, () => Metadata.FindArray<int>("words"));
        AssertRefused("text", 30, () => Metadata.FindArray<string>("text"));
    }

    [Fact]
    public void An_array_is_found_in_its_exact_element_type_only()
    {
        Assert.Equal([1u, 2u], Metadata.FindArray<uint>("unsigned")!);
        AssertRefused("unsigned", 100, () => Metadata.FindArray<int>("unsigned"));
        AssertRefused("signed", 90, () => Metadata.FindArray<uint>("signed"));
    }

    [Fact]
    public void Keys_keep_the_files_order() => Assert.Equal("text", Metadata.Keys.First());

    private static void AssertRefused(string key, long offset, Func<object?> find)
    {
        var error = Assert.Throws<ModelFormatException>(() => { find(); });
        Assert.Equal((key, offset, "m.gguf"), (error.Field, error.Offset, error.Path));
    }
}
