using System.Security.Cryptography;
using Ayni.Llama;

namespace Ayni.Training.Tests;

public sealed class ShardTests : IDisposable
{
    private readonly Corpus _corpus = new();

    public void Dispose() => _corpus.Dispose();

    [Fact]
    public void Texts_are_learned_from_their_beginning_to_their_end()
    {
        _corpus.Write("texts/b.txt", "Second.");
        _corpus.Write("texts/a.jsonl", """{"text":"First."}""", "", """{"text":"  "}""", """{"text":"And more.","other":1}""");
        _corpus.Write("texts/ignored.md", "Not this.");
        using var shard = _corpus.Shard(Corpus.Source("texts"));
        var tokenizer = Corpus.Vocabulary.Tokenizer;
        Assert.Equal(["First.", "And more.", "Second."], Documents(shard).Select(document => tokenizer.Decode(document.Ids, skipSpecial: true)));
        Assert.All(Documents(shard), document =>
        {
            Assert.Equal(document.Ids, document.Labels);
            Assert.Equal((tokenizer.BeginOfText, tokenizer.EndOfText), (document.Ids[0], document.Ids[^1]));
        });
        var source = Assert.Single(shard.Header.Sources);
        Assert.Equal((2, 3L, Documents(shard).Sum(document => (long)document.Ids.Length)), (source.Files, source.Documents, source.Tokens));
    }

    [Fact]
    public void Of_a_conversation_only_what_the_assistant_wrote_is_learned()
    {
        _corpus.Write(
            "chat.jsonl",
            """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hello <|eot_id|>"},{"role":"assistant","content":"Hi!"},"""
            + """{"role":"user","content":"And?"},{"role":"assistant","content":"No.","weight":0},{"role":"user","content":"So?"},"""
            + """{"role":"assistant","content":"Yes."}]}""");
        using var shard = _corpus.Shard(Corpus.Source("chat.jsonl"));
        var (ids, labels) = Assert.Single(Documents(shard));
        var tokenizer = Corpus.Vocabulary.Tokenizer;
        Assert.Equal("Hi!<|eot_id|>Yes.<|eot_id|>", tokenizer.Decode([.. labels.Where(label => label != TrainingBatch.Masked)]));
        // What precedes an answer is what the model is given when it is to answer.
        var prompt = ChatFormat.For(tokenizer, null)!.Encode([new(ChatRole.System, "Be kind."), new(ChatRole.User, "Hello <|eot_id|>")]);
        Assert.Equal(prompt, ids[..prompt.Length]);
        Assert.Equal(Array.FindIndex(labels, label => label != TrainingBatch.Masked), prompt.Length);
    }

    [Fact]
    public void A_conversation_in_OpenAI_s_format_is_read_with_all_that_may_be_in_it()
    {
        _corpus.Write(
            "chat.jsonl",
            """{"messages":[{"role":"developer","content":[{"type":"text","text":"Be "},{"type":"text","text":"kind."}],"name":null},"""
            + """{"role":"user","content":"How is Cusco?","name":"Ana"},"""
            + """{"role":"assistant","content":null,"weight":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Cusco\"}"}}]},"""
            + """{"role":"tool","tool_call_id":"c1","content":"12"},{"role":"assistant","content":[{"type":"text","text":"Cool."}],"tool_calls":null,"weight":1}],"""
            + """ "tools":[{"type":"function","function":{"name":"weather","description":"Ask ana@example.org.","strict":true,"""
            + """ "parameters":{"type": "object", "properties": {"city": {"type": "string"}}}}}],"parallel_tool_calls":false}""");
        using var shard = _corpus.Shard(Corpus.Source("chat.jsonl") with { Mask = PersonalDataKinds.Email });
        var (ids, labels) = Assert.Single(Documents(shard));
        var tokenizer = Corpus.Vocabulary.Tokenizer;
        Assert.Equal(
            """{"type": "function", "name": "weather", "parameters": {"city": "Cusco"}}<|eot_id|>Cool.<|eot_id|>""",
            tokenizer.Decode([.. labels.Where(label => label != TrainingBatch.Masked)]));
        var text = tokenizer.Decode(ids);
        Assert.Contains("Be kind.<|eot_id|>", text, StringComparison.Ordinal);
        Assert.Contains("\"name\": \"weather\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ana@example.org", text, StringComparison.Ordinal);
        Assert.Equal(1, shard.Header.Sources[0].Masked.Email);
    }

    [Fact]
    public void Tools_are_part_of_what_a_conversation_says_however_its_line_is_written()
    {
        const string Plain = """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]""";
        Assert.Equal(NormalForm(Plain + "}"), NormalForm(Plain + ""","tools":[]}"""));
        var one = NormalForm(Plain + ""","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}""");
        Assert.Equal(one, NormalForm(Plain + """, "tools": [{"function": {"parameters": {"type": "object"}, "name": "f", "description": null}}]}"""));
        Assert.NotEqual(NormalForm(Plain + "}"), one);
        Assert.EndsWith(""","tools":[{"description":"","name":"f","parameters":"{\"type\":\"object\"}"}]}""", one, StringComparison.Ordinal);

        string NormalForm(string line)
        {
            _corpus.Write("one.jsonl", line);
            return System.Text.Encoding.UTF8.GetString(Assert.Single(DocumentReader.Read(
                DataFormat.Auto, new SourceFile("one.jsonl", _corpus.PathOf("one.jsonl")))).Document.NormalForm());
        }
    }

    [Fact]
    public void A_byte_order_mark_before_the_first_line_is_passed_over()
    {
        File.WriteAllBytes(_corpus.PathOf("a.jsonl"), [0xEF, 0xBB, 0xBF, .. """{"text":"First."}"""u8]);
        using var shard = _corpus.Shard(Corpus.Source("a.jsonl"));
        Assert.Equal("First.", Corpus.Vocabulary.Tokenizer.Decode(Assert.Single(Documents(shard)).Ids, skipSpecial: true));
    }

    [Fact]
    public void Patterns_choose_files_by_their_names_below_the_first_wildcard()
    {
        _corpus.Write("a/one.txt", "1");
        _corpus.Write("a/deep/two.txt", "2");
        _corpus.Write("a/deep/three.md", "3");
        Assert.Equal(["one.txt"], Names("a/*.txt"));
        Assert.Equal(["deep/two.txt", "one.txt"], Names("a/**/*.txt"));
        Assert.Equal(["deep/three.md"], Names("a/*/th?ee.md"));
        Assert.Contains("no file matches", Assert.Throws<DataException>(() => Names("a/*.jsonl")).Message, StringComparison.Ordinal);
        Assert.Contains("no file or folder", Assert.Throws<DataException>(() => Names("nowhere")).Message, StringComparison.Ordinal);

        if (!OperatingSystem.IsWindows())
        {
            // Two ways back at every level would be more paths than anybody could walk.
            foreach (var name in (string[])["again", "once-more"])
                Directory.CreateSymbolicLink(Path.Combine(_corpus.PathOf("a"), name), ".");
            File.CreateSymbolicLink(Path.Combine(_corpus.PathOf("a"), "link.txt"), "one.txt");
            Assert.Equal(["deep/two.txt", "link.txt", "one.txt"], Names("a/**/*.txt"));
            Assert.Equal(["deep/two.txt", "link.txt", "one.txt"], Names("a"));
        }

        IEnumerable<string> Names(string path) => SourceFiles.Find(Corpus.Source(path), _corpus.PathOf(
            ".")).Files.Select(file => file.Name);
    }

    [Theory]
    [InlineData("""{"text":"a"}""", """{"text":1}""", "line 2: expected \"text\" as a string")]
    [InlineData("""{"text":"a"}""", "{", "line 2, byte 1: not valid JSON")]
    [InlineData("""{"text":"a"}""", "[]", "line 2: expected an object, found array")]
    [InlineData("""{"text":"a"}""", """{"text":"\ud800"}""", "line 2: a string is not valid Unicode")]
    [InlineData("", """{"messages":[]}""", "line 2: expected \"messages\"")]
    [InlineData("", """{"messages":[{"role":"user","content":"a"}]}""", "line 2: no message is the assistant's")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a","weight":0}]}""", "line 2: every message of the assistant has a weight of 0")]
    [InlineData("", """{"messages":[{"role":"cook","content":"a"}]}""", "messages[0].role is 'cook'")]
    [InlineData("", """{"messages":[{"role":"assistant"}]}""", "line 2: messages[0]: expected \"content\"")]
    [InlineData("", """{"text":"a","text":"b"}""", "line 2: the field \"text\" occurs twice in one object.")]
    [InlineData("", """{"messages":[{"role":"user","role":"user"}]}""", "line 2: the field \"role\" occurs twice in one object.")]
    [InlineData("", """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""", "messages[0].content[0].type is 'image_url'")]
    [InlineData("", """{"messages":[{"role":"user","content":{}}]}""", "messages[0]: expected \"content\" as a string or an array")]
    [InlineData("", """{"messages":[{"role":"user","content":"a","tool_calls":[{"function":{}}]}]}""", "only the assistant calls tools")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a","tool_calls":"f"}]}""", "messages[0].tool_calls is not an array")]
    [InlineData("", """{"messages":[{"role":"assistant","function_call":{}}]}""", "messages[0].function_call is the old form")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a"}],"functions":[]}""", "\"functions\" is the old form of \"tools\"")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a"}],"tools":{}}""", "expected \"tools\" as an array")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a"}],"tools":[{"type":"search","function":{"name":"f"}}]}""", "tools[0].type is 'search'")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a"}],"tools":[{"function":{"name":"f","parameters":[]}}]}""", "tools[0].function.parameters is not")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a"}],"tools":[{"function":{"name":"f"}}]}""", "tools are told to the model in the first user")]
    [InlineData("", """{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{"}}]}]}""", "the arguments of the call of f")]
    [InlineData("", """{"messages":[{"role":"assistant","content":"a","weight":2}]}""", "messages[0].weight is neither 0 nor 1")]
    [InlineData("", "", "is empty")]
    public void A_line_that_can_t_be_is_named(string first, string second, string expected)
    {
        _corpus.Write("lines.jsonl", first, second);
        var error = Assert.Throws<DataException>(() => _corpus.Shard(Corpus.Source("lines.jsonl")));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("lines.jsonl", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_corpus.PathOf("data.shard")) || File.Exists(_corpus.PathOf("data.shard.partial")));
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused()
    {
        File.WriteAllBytes(_corpus.PathOf("a.txt"), [0x61, 0xFF]);
        var error = Assert.Throws<DataException>(() => _corpus.Shard(Corpus.Source("a.txt")));
        Assert.Contains("not valid UTF-8 at byte 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_told_how_much_of_all_sources_is_read()
    {
        // Longer than one read of the file.
        _corpus.Write("a.jsonl", [.. Enumerable.Range(0, 3000).Select(number => $$"""{"text":"Text {{number}}."}"""), ""]);
        _corpus.Write("b.txt", "Second.");
        var told = new List<double>();
        SourceFiles[] sources = [.. new[] { "a.jsonl", "b.txt" }.Select(name => SourceFiles.Find(Corpus.Source(name), _corpus.PathOf(".")))];
        ShardWriter.OpenOrWrite(
            _corpus.PathOf("data.shard"), sources, DuplicatePolicy.Exact, Corpus.Tokenizer, new Told(told.Add), CancellationToken.None).Dispose();
        Assert.InRange(told.Count, 90, 102);
        Assert.Equal(told.Order(), told);
        Assert.InRange(told[^1], 0.98, 1);
    }

    [Fact]
    public void A_changed_source_is_tokenized_again_and_an_unchanged_one_is_not()
    {
        _corpus.Write("a.txt", "Before.");
        _corpus.Shard(Corpus.Source("a.txt")).Dispose();
        var path = _corpus.PathOf("data.shard");
        var written = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, written);
        _corpus.Shard(Corpus.Source("a.txt")).Dispose();
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));
        _corpus.Write("a.txt", "After.");
        using var shard = _corpus.Shard(Corpus.Source("a.txt"));
        Assert.Equal("After.", Corpus.Vocabulary.Tokenizer.Decode(Assert.Single(Documents(shard)).Ids, skipSpecial: true));
    }

    [Fact]
    public void A_damaged_shard_is_refused_by_name_and_never_worse()
    {
        _corpus.Write("a.jsonl", """{"text":"One text."}""", """{"text":"Another."}""");
        _corpus.Shard(Corpus.Source("a.jsonl")).Dispose();
        var good = File.ReadAllBytes(_corpus.PathOf("data.shard"));
        var path = _corpus.PathOf("damaged.shard");
        foreach (var length in (int[])[0, 5, 16, 40, good.Length - 1])
        {
            File.WriteAllBytes(path, good[..length]);
            Assert.Throws<DataException>(() => ShardFile.Open(path).Dispose());
        }
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            File.WriteAllBytes(path, bytes);
            if (!bytes.AsSpan().SequenceEqual(good))
                Assert.Throws<DataException>(() => ShardFile.Open(path).Dispose());
            // Who changes the digest, too, gets a shard that says something else, or none.
            SHA256.HashData(bytes.AsSpan(..^40)).CopyTo(bytes.AsSpan(^40));
            File.WriteAllBytes(path, bytes);
            try
            {
                using var shard = ShardFile.Open(path);
                Documents(shard);
            }
            catch (DataException)
            {
            }
        }
    }

    [Fact]
    public void A_token_a_document_s_start_and_a_digest_are_each_known_to_be_changed()
    {
        _corpus.Write("a.jsonl", """{"text":"One text."}""", """{"text":"Another."}""");
        long tokens;
        using (var shard = _corpus.Shard(Corpus.Source("a.jsonl")))
            tokens = shard.Header.Sources[0].Tokens;
        var path = _corpus.PathOf("data.shard");
        var good = File.ReadAllBytes(path);
        var startsAt = (int)((16 + 4 * tokens + 7) / 8 * 8);
        // Of the first token; of where the second document starts; of the second document's digest.
        foreach (var at in (int[])[16, startsAt + 8, startsAt + 3 * 8 + 40])
        {
            var bytes = (byte[])good.Clone();
            bytes[at] ^= 1;
            File.WriteAllBytes(path, bytes);
            var error = Assert.Throws<DataException>(() => _corpus.Shard(Corpus.Source("a.jsonl")));
            Assert.Equal(
                $"{path}: the shard is damaged: its SHA-256 is not what it was when it was written; "
                + "delete it, and it is made again from the sources.", error.Message);
        }
        File.Delete(path);
        _corpus.Shard(Corpus.Source("a.jsonl")).Dispose();
        Assert.Equal(good, File.ReadAllBytes(path));
    }

    private static (int[] Ids, int[] Labels)[] Documents(ShardFile shard) =>
        [.. Enumerable.Range(0, shard.DocumentCount).Select(number => shard.Read(shard.Document(number).Start,
            shard.Document(number).Length))];

    private sealed class Told(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}
