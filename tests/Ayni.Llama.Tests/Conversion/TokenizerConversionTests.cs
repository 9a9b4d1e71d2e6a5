using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>A tokenizer in another kind of file gives the same ids.</summary>
public sealed class TokenizerConversionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ConformanceTheory]
    [InlineData("llama2", "llama2.spm.model")]
    [InlineData("llama3", "llama3.tiktoken")]
    [InlineData("llama4", "llama4.tiktoken")]
    public void A_real_vocabulary_stays_exact_from_form_to_form(string family, string file)
    {
        var original = TokenizerDescription.Read(Conformance.PathOf("tokenizers", file));
        var gguf = ThroughGguf(original);
        Assert.Null(original.FindDifference(gguf));
        var json = ThroughJson(gguf);
        Assert.Null(original.FindDifference(json));
        var again = ThroughGguf(json);
        var model = ThroughModel(again);
        Assert.Null(original.FindDifference(model));
        Assert.Empty(TokenizerCases.WrongEncodings(gguf.Tokenizer, family));
        Assert.Empty(TokenizerCases.WrongEncodings(json.Tokenizer, family));
        Assert.Empty(TokenizerCases.WrongEncodings(model.Tokenizer, family));
        Assert.Empty(TokenizerCases.WrongDecodings(json.Tokenizer, family));
        Assert.Empty(TokenizerCases.WrongDecodings(model.Tokenizer, family));
    }

    [ConformanceTheory]
    [InlineData("vocab-llama2.gguf", "llama2")]
    [InlineData("vocab-llama3.gguf", "llama3")]
    public void A_real_gguf_vocabulary_stays_exact(string file, string family)
    {
        using var source = GgufFile.Open(Conformance.PathOf("tokenizers", file));
        var original = TokenizerDescription.Read(source.Metadata);
        Assert.Equal(source.Metadata.FindArray<string>("tokenizer.ggml.tokens"), original.Tokens);
        var json = ThroughJson(original);
        Assert.Null(original.FindDifference(json));
        Assert.Empty(TokenizerCases.WrongEncodings(json.Tokenizer, family));
        Assert.Null(original.FindDifference(ThroughModel(original)));
    }

    [Fact]
    public void Merges_that_ranks_can_not_say_are_told_apart()
    {
        var all = TokenizerDescription.Read(SmallVocabularies.BytePairGguf());
        var fewer = TokenizerDescription.Read(SmallVocabularies.BytePairGguf(("tokenizer.ggml.merges", new[] { "h e", "l l" })));
        Assert.Contains("the merges", all.FindDifference(fewer), StringComparison.Ordinal);
        Assert.Null(all.FindDifference(ThroughJson(all)));
        Assert.Null(fewer.FindDifference(ThroughJson(fewer)));
    }

    [Fact]
    public void A_small_vocabulary_with_user_defined_pieces_stays_exact()
    {
        var original = TokenizerDescription.Read(SmallVocabularies.SentencePieceGguf());
        Assert.Null(original.FindDifference(ThroughModel(original)));
        Assert.Equal(original.Scores, ThroughModel(original).Scores);
    }

    [Fact]
    public void Rows_without_a_token_are_padded_as_llama_cpp_does()
    {
        var original = TokenizerDescription.Read(SmallVocabularies.BytePairGguf());
        var pairs = GgufTokenizerWriter.Write("t", original, original.Tokens.Length + 2, []).ToDictionary(pair => pair.Key, pair => pair.Value);
        var tokens = (string[])pairs["tokenizer.ggml.tokens"];
        Assert.Equal([$"[PAD{original.Tokens.Length}]", $"[PAD{original.Tokens.Length + 1}]"], tokens[^2..]);
        Assert.Equal([5, 5], ((int[])pairs["tokenizer.ggml.token_type"])[^2..]);
    }

    private TokenizerDescription ThroughModel(TokenizerDescription tokenizer)
    {
        var content = tokenizer.IsBytePair ? TiktokenFileWriter.Write(tokenizer) : SentencePieceModelWriter.Write(tokenizer);
        return TokenizerDescription.Read(_folder.Write("tokenizer.model", content));
    }

    private TokenizerDescription ThroughJson(TokenizerDescription tokenizer)
    {
        JsonText.Write(_folder.PathOf("tokenizer_config.json"), HuggingFaceConfigWriter.WriteTokenizer(tokenizer, null, 4096));
        return TokenizerDescription.Read(_folder.Write("tokenizer.json", HuggingFaceTokenizerWriter.Write(tokenizer)!));
    }

    private static TokenizerDescription ThroughGguf(TokenizerDescription tokenizer) => TokenizerDescription.Read(
        new GgufMetadata("t", GgufTokenizerWriter.Write("t", tokenizer, tokenizer.Tokens.Length, []).Select(pair => (pair.Key, pair.Value, -1L))));
}
