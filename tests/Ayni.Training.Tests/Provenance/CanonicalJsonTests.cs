using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class CanonicalJsonTests
{
    [Theory]
    // The order of names and the escapes are those of RFC 8785, sections 3.2.2 and 3.2.3.
    [InlineData("""{ "b": [ 1, -2 , null ], "a": true, "A": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/" }""",
        """{"A":"€$\u000f\nA'B\"\\\\\"/","a":true,"b":[1,-2,null]}""")]
    [InlineData("""{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}""",
        "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}")]
    [InlineData("9007199254740991", "9007199254740991")]
    public void One_value_has_one_form(string json, string expected) => Assert.Equal(expected, Canonical(JsonNode.Parse(json)));

    [Theory]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("9007199254740992")]
    public void Other_numbers_than_whole_ones_are_refused(string json) =>
        Assert.Throws<ArgumentException>(() => Canonical(JsonNode.Parse(json)));

    [Fact]
    public void The_form_says_the_same_and_is_its_own() => Prop.ForAll<string, int>((text, number) =>
    {
        var clean = new string([.. (text ?? "").Where(character => !char.IsSurrogate(character))]);
        var value = new JsonObject { [clean + "b"] = clean, ["a"] = new JsonArray(number, clean, false) };
        var canonical = Canonical(value);
        return JsonNode.DeepEquals(value, JsonNode.Parse(canonical)) && Canonical(JsonNode.Parse(canonical)) == canonical;
    }).QuickCheckThrowOnFailure();

    private static string Canonical(JsonNode? value) => Encoding.UTF8.GetString(CanonicalJson.Write(value));
}
