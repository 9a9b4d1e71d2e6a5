using System.Text.Json;

namespace Ayni.Training.Tests;

public sealed class AnswerCheckTests
{
    [Theory]
    [InlineData("""{"exact":"7"}""", " 7\n", null)]
    [InlineData("""{"exact":["7","seven"]}""", "seven", null)]
    [InlineData("""{"exact":"seven"}""", "Seven", "exact")]
    [InlineData("""{"contains":"7"}""", "It is 17.", "contains")]
    [InlineData("""{"contains":"7"}""", "17, no: 7.", null)]
    [InlineData("""{"contains":["cold","NIGHT"]}""", "Night is cold", null)]
    [InlineData("""{"contains":["cold","warm"]}""", "Night is cold", "contains")]
    [InlineData("""{"contains":"llama"}""", "Llamas!", "contains")]
    [InlineData("""{"contains":"--model"}""", "ayni run --model x", null)]
    [InlineData("""{"contains":"مرحبا"}""", "مرحبا بك", null)]
    [InlineData("""{"any":["no","don't know"]}""", "I don't know that.", null)]
    [InlineData("""{"any":["no"]}""", "I know that.", "any")]
    [InlineData("""{"contains":"7","not":"8"}""", "7 or 8", "not")]
    [InlineData("""{"matches":"^[A-Z][^.]*\\.$"}""", "A sentence.", null)]
    [InlineData("""{"matches":"^[A-Z][^.]*\\.$"}""", "no sentence.", "matches")]
    public void An_answer_passes_where_all_holds(string check, string answer, string? failure) =>
        Assert.Equal(failure, Read(check).FindFailure(answer, hasEnded: true));

    [Fact]
    public void An_answer_that_is_cut_off_fails_where_its_end_is_asked_for()
    {
        Assert.Equal("ends", Read("""{"contains":"7","ends":true}""").FindFailure("7", hasEnded: false));
        Assert.Null(Read("""{"contains":"7"}""").FindFailure("7", hasEnded: false));
    }

    [Theory]
    [InlineData("{}", "some of exact")]
    [InlineData("[]", "some of exact")]
    [InlineData("""{"equals":"7"}""", "no check \"equals\"")]
    [InlineData("""{"any":[]}""", "check.any is a text or a list")]
    [InlineData("""{"exact":7}""", "check.exact is a text or a list")]
    [InlineData("""{"contains":""}""", "none of them empty")]
    [InlineData("""{"matches":"(a)\\1"}""", "not a regular expression that can be used")]
    [InlineData("""{"matches":"("}""", "not a regular expression that can be used")]
    [InlineData("""{"ends":false}""", "check.ends is true")]
    public void A_check_that_asks_for_nothing_known_is_refused(string check, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => Read(check)).Message, StringComparison.Ordinal);

    private static AnswerCheck Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return AnswerCheck.Read(document.RootElement);
    }
}
