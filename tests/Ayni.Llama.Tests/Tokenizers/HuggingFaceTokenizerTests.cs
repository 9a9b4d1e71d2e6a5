using System.Text;
using System.Text.Json.Nodes;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public class HuggingFaceTokenizerTests
{
    [ConformanceTheory]
    [InlineData("llama3", Llama3SplitPattern.Expression)]
    [InlineData("llama4", Llama4SplitPattern.Expression)]
    public void A_byte_level_file_of_a_real_vocabulary_encodes_and_decodes_as_recorded(string family, string pattern)
    {
        var path = Conformance.PathOf("tokenizers", $"{family}.tiktoken");
        var tokenizer = Parse(HuggingFaceFiles.ByteLevel(path, Tokenizer.Open(path), pattern));
        Assert.Empty(TokenizerCases.WrongEncodings(tokenizer, family));
        Assert.Empty(TokenizerCases.WrongDecodings(tokenizer, family));
    }

    [ConformanceTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_of_Llama_2_s_vocabulary_encodes_and_decodes_as_recorded(bool normalizes)
    {
        using var file = GgufFile.Open(Conformance.PathOf("tokenizers", "vocab-llama2.gguf"));
        var tokenizer = Parse(HuggingFaceFiles.Metaspace(file.Metadata, normalizes));
        Assert.Empty(TokenizerCases.WrongEncodings(tokenizer, "llama2"));
        Assert.Empty(TokenizerCases.WrongDecodings(tokenizer, "llama2"));
    }

    [Fact]
    public void A_small_file_means_what_the_same_vocabulary_means_in_a_gguf()
    {
        string[] texts = ["hello world é 😀 123\n\n  he", "<|eot_id|> <s> [tool]<think>", "日本 h e l l"];
        Tokenizer[][] same =
        [
            [Tokenizer.FromGguf(SmallVocabularies.BytePairGguf()), Parse(BytePairs()), Parse(BytePairs(pairs: true))],
            [Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf()), Parse(Pieces()), Parse(Pieces(normalizes: false))],
        ];
        foreach (var tokenizers in same)
        {
            foreach (var other in tokenizers[1..])
            {
                Assert.All(texts, text => Assert.Equal(tokenizers[0].Encode(text), other.Encode(text)));
                Assert.All(texts, text => Assert.Equal(tokenizers[0].Encode(text, special: true), other.Encode(text, special: true)));
                Assert.Equal((tokenizers[0].BeginOfText, tokenizers[0].EndOfText, tokenizers[0].AddsBeginOfText),
                    (other.BeginOfText, other.EndOfText, other.AddsBeginOfText));
                Assert.Equal(tokenizers[0].EndOfGeneration.Order(), other.EndOfGeneration.Order());
            }
        }
    }

    [Fact]
    public void The_configuration_beside_it_names_the_tokens_and_the_template()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("tokenizer.json");
        File.WriteAllBytes(path, HuggingFaceFiles.Written(BytePairs()));
        Assert.Null(Tokenizer.Open(path).ChatTemplate);
        File.WriteAllText(folder.PathOf("tokenizer_config.json"), """
            {"bos_token": {"content": "<|begin_of_text|>"}, "eos_token": "<|eot_id|>", "add_bos_token": false,
             "chat_template": [{"name": "rag", "template": "x"}, {"name": "default", "template": "y"}]}
            """);
        var tokenizer = Tokenizer.Open(path);
        Assert.Equal((tokenizer.FindSpecial("<|begin_of_text|>"), tokenizer.FindSpecial("<|eot_id|>"), false, "y"),
            (tokenizer.BeginOfText, tokenizer.EndOfText, tokenizer.AddsBeginOfText, tokenizer.ChatTemplate));
        File.WriteAllText(folder.PathOf("chat_template.jinja"), "z");
        Assert.Equal("z", Tokenizer.Open(path).ChatTemplate);
        File.WriteAllText(folder.PathOf("tokenizer_config.json"), """{"eos_token": "<nope>"}""");
        Assert.Equal("added_tokens", Assert.Throws<ModelFormatException>(() => Tokenizer.Open(path)).Field);
    }

    [Theory]
    [InlineData("model.type", "\"WordPiece\"", "model.type")]
    [InlineData("model.dropout", "0.1", "model.dropout")]
    [InlineData("model.vocab", "[]", "model.vocab")]
    [InlineData("model.vocab.he", "99999999", "model.vocab[\"he\"]")]
    [InlineData("model.vocab.he", "0", "model.vocab[\"he\"]")]
    [InlineData("model.vocab.he", "500", "model.vocab")]
    [InlineData("model.merges", "[\"h e\", \"x\"]", "model.merges[1]")]
    [InlineData("model.merges", "[[\"h\", \"e\", \"l\"]]", "model.merges[0]")]
    [InlineData("model.merges", "[\"h q\"]", "model.merges[0]")]
    [InlineData("model.merges", "{}", "model.merges")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix")]
    [InlineData("normalizer", "{\"type\": \"NFC\"}", "normalizer")]
    [InlineData("pre_tokenizer", "null", "pre_tokenizer")]
    [InlineData("pre_tokenizer", "{\"type\": \"Whitespace\"}", "pre_tokenizer.type")]
    [InlineData("pre_tokenizer", "{\"type\": \"ByteLevel\", \"add_prefix_space\": true}", "pre_tokenizer.add_prefix_space")]
    [InlineData("added_tokens", "[{\"id\": 0, \"content\": \"<x>\"}]", "added_tokens[0].content")]
    [InlineData("added_tokens", "[{\"id\": 272, \"content\": \"<x>\", \"lstrip\": true}]", "added_tokens[0].lstrip")]
    [InlineData("added_tokens", "[{\"id\": -1, \"content\": \"<x>\"}]", "added_tokens[0].id")]
    [InlineData("added_tokens", "[{\"id\": 271, \"content\": \"\\ud800\"}]", "added_tokens[0].content")]
    public void What_would_change_ids_or_is_broken_is_refused_by_name(string place, string value, string field)
    {
        var file = BytePairs();
        var parts = place.Split('.');
        JsonNode target = file;
        foreach (var part in parts[..^1])
            target = target[part]!;
        // Written as text, so that values no writer would make get in.
        target[parts[^1]] = "@value@";
        var content = Encoding.UTF8.GetBytes(file.ToJsonString().Replace("\"@value@\"", value, StringComparison.Ordinal));
        Assert.Equal(field, Assert.Throws<ModelFormatException>(() => Parse(content)).Field);
    }

    [Fact]
    public void An_unknown_pattern_is_refused_with_its_text()
    {
        var e = Assert.Throws<ModelFormatException>(() => Parse(HuggingFaceFiles.ByteLevel(SmallVocabularies.BytePairGguf(), "[a-z]+")));
        Assert.Equal("pre_tokenizer.pretokenizers[0].pattern.Regex", e.Field);
        Assert.Contains("[a-z]+", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"model\": {}, \"model\": {}}")]
    [InlineData("{\"model\": 1}")]
    [InlineData("{}")]
    public void Broken_JSON_is_refused(string content) => Assert.Throws<ModelFormatException>(() => Parse(Encoding.UTF8.GetBytes(content)));

    [Fact]
    public void JSON_too_deep_is_refused() => Assert.Throws<ModelFormatException>(() =>
        Parse(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}")));

    [Fact]
    public void A_damaged_file_is_read_or_refused_by_name()
    {
        TokenizerFileTests.Damage(HuggingFaceFiles.Written(BytePairs()), Parse);
        TokenizerFileTests.Damage(HuggingFaceFiles.Written(Pieces()), Parse);
    }

    private static JsonObject BytePairs(bool pairs = false) =>
        HuggingFaceFiles.ByteLevel(SmallVocabularies.BytePairGguf(), Llama3SplitPattern.Expression, pairs);

    private static JsonObject Pieces(bool normalizes = true) =>
        HuggingFaceFiles.Metaspace(SmallVocabularies.SentencePieceGguf(), normalizes);

    private static Tokenizer Parse(JsonObject file) => Parse(HuggingFaceFiles.Written(file));

    private static Tokenizer Parse(byte[] content) => HuggingFaceTokenizer.Parse("tokenizer.json", content, TokenizerConfiguration.None);
}
