using System.Text;
using System.Text.Json;

namespace Ayni.Training.Tests;

public sealed class PreparedDocumentsTests : IDisposable
{
    private const string Long = "The caravan left the market of Juliaca at dawn and walked over the high pass to the lake";

    private readonly Corpus _corpus = new();

    public void Dispose() => _corpus.Dispose();

    [Fact]
    public void Duplicates_are_left_out_counted_and_reported_across_sources()
    {
        _corpus.Write("a.jsonl", """{"text":"Salt."}""", $$"""{"text":"{{Long}}."}""", """{"text":"Salt.","more":1}""");
        _corpus.Write("b.txt", "Salt.");
        _corpus.Write("c.jsonl", $$"""{"text":"{{Long.ToUpperInvariant()}}."}""", """{"text":"Wool."}""");
        DataSource[] sources = [Corpus.Source("a.jsonl"), Corpus.Source("c.jsonl")];
        using (var shard = _corpus.Shard(sources))
        {
            Assert.Equal(
                [(2L, 1L, 0L), (1L, 0L, 1L)],
                shard.Header.Sources.Select(source => (source.Documents, source.ExactDuplicates, source.NearDuplicates)));
            Assert.Equal(DocumentDigest.Of(Encoding.UTF8.GetBytes("text\nWool.")), shard.Digest(2));
        }
        Assert.Equal(
            [("a.jsonl", "a.jsonl, line 3", "a.jsonl, line 1", 100), ("c.jsonl", "c.jsonl, line 1", "a.jsonl, line 2", 100)], Report());
        using (var shard = _corpus.Shard(DuplicatePolicy.Exact, sources))
            Assert.Equal([2L, 2L], shard.Header.Sources.Select(source => source.Documents));
        var error = Assert.Throws<DataException>(() => _corpus.Shard(Corpus.Source("a.jsonl"), Corpus.Source("b.txt")));
        Assert.Contains("'b.txt' is empty", error.Message, StringComparison.Ordinal);
        Assert.Contains("1 documents say what others before them say", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Personal_data_is_masked_before_anything_is_learned_or_compared()
    {
        _corpus.Write("a.jsonl", """{"text":"Ask a@b.de today."}""", """{"text":"Ask c@d.de today."}""", """{"text":"Or +4930123456789."}""");
        using var shard = _corpus.Shard(Corpus.Source("a.jsonl") with { Mask = PersonalDataKinds.Email | PersonalDataKinds.Phone });
        var source = Assert.Single(shard.Header.Sources);
        Assert.Equal((2L, 1L), (source.Documents, source.ExactDuplicates));
        Assert.Equal(new PersonalDataCounts(Email: 1, Phone: 1), source.Masked);
        var (start, length) = shard.Document(0);
        Assert.Equal("Ask [email] today.", Corpus.Vocabulary.Tokenizer.Decode(shard.Read(start, length).Ids, skipSpecial: true));
    }

    [Fact]
    public void How_documents_are_read_is_part_of_what_a_shard_is_of()
    {
        _corpus.Write("a.jsonl", """{"text":"Ask a@b.de today."}""");
        _corpus.Shard(Corpus.Source("a.jsonl")).Dispose();
        using var shard = _corpus.Shard(Corpus.Source("a.jsonl") with { Mask = PersonalDataKinds.Email });
        Assert.Equal(1, Assert.Single(shard.Header.Sources).Masked.Email);
    }

    [Fact]
    public void A_document_s_normal_form_is_what_it_says_and_not_how_it_is_written()
    {
        _corpus.Write("text.jsonl", """{ "text" : "Sal\u0074 \u00f1.", "id": 7 }""");
        _corpus.Write("text.txt", "\uFEFFSalt ñ.");
        Assert.Equal(Forms("text.txt"), Forms("text.jsonl"));
        Assert.Equal("text\nSalt ñ.", Assert.Single(Forms("text.txt")));
        _corpus.Write(
            "chat.jsonl",
            """{"messages":[{"role":"developer","content":"Be \"kind\".\n"},{"content":"Hi","role":"user","name":"Ana"},"""
            + """{"role":"assistant","content":"No","weight":0},{"role":"user","content":"\u0001é"},"""
            + """{"role":"assistant","content":null,"weight":1,"tool_calls":[{"type":"function","id":"c1","function":{"name":"f","arguments":"{}"}}]},"""
            + """{"role":"tool","content":"1","tool_call_id":"c1"}],"source":"x"}""");
        Assert.Equal(
            """
            chat
            {"messages":[{"content":"Be \"kind\".\n","role":"system"},{"content":"Hi","name":"Ana","role":"user"},
            """.ReplaceLineEndings("\n")
            + """{"content":"No","role":"assistant","weight":0},{"content":"\u0001é","role":"user"},"""
            + """{"content":"","role":"assistant","tool_calls":[{"arguments":"{}","id":"c1","name":"f"}]},"""
            + """{"content":"1","role":"tool","tool_call_id":"c1"}]}""",
            Assert.Single(Forms("chat.jsonl")));
    }

    private string[] Forms(string name) =>
    [
        .. new PreparedDocuments(DuplicatePolicy.Near).Read(SourceFiles.Find(Corpus.Source(name), _corpus.PathOf(".")), default)
            .Select(document => Encoding.UTF8.GetString(document.Document.NormalForm())),
    ];

    private IEnumerable<(string, string, string, int)> Report() => File.ReadLines(_corpus.PathOf("duplicates.jsonl")).Select(line =>
    {
        var json = JsonSerializer.Deserialize<JsonElement>(line);
        return (
            json.GetProperty("source").GetString()!, Path.GetFileName(json.GetProperty("place").GetString()!),
            Path.GetFileName(json.GetProperty("same_as").GetString()!), json.GetProperty("percent").GetInt32());
    });
}
