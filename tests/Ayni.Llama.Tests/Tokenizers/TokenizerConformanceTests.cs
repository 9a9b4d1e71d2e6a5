using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>The real vocabularies of Llama 2, 3 and 4 against recorded ids and texts.</summary>
public class TokenizerConformanceTests
{
    [ConformanceTheory]
    [InlineData("llama2", "llama2.spm.model")]
    [InlineData("llama3", "llama3.tiktoken")]
    [InlineData("llama4", "llama4.tiktoken")]
    public void Every_recorded_text_gives_its_ids(string family, string file)
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", file));
        Assert.Empty(TokenizerCases.WrongEncodings(tokenizer, family));
    }

    [ConformanceTheory]
    [InlineData("llama2", "llama2.spm.model")]
    [InlineData("llama3", "llama3.tiktoken")]
    [InlineData("llama4", "llama4.tiktoken")]
    public void Every_recorded_sequence_gives_its_text_whole_and_as_a_stream(string family, string file)
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", file));
        Assert.Empty(TokenizerCases.WrongDecodings(tokenizer, family));
    }

    [ConformanceTheory]
    [InlineData("llama3")]
    [InlineData("llama4")]
    public void Special_tokens_have_the_recorded_ids(string family)
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", $"{family}.tiktoken"));
        using var specials = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("tokenizers", $"{family}.special.json")));
        var count = 0;
        foreach (var special in specials.RootElement.EnumerateObject())
        {
            Assert.Equal(special.Value.GetInt32(), tokenizer.FindSpecial(special.Name));
            Assert.True(tokenizer.IsSpecial(special.Value.GetInt32()));
            count++;
        }
        Assert.Equal(Enumerable.Range(0, tokenizer.VocabularySize).Count(tokenizer.IsSpecial), count);
    }

    [ConformanceFact]
    public void Llama_2_opens_with_s_and_ends_with_its_end()
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama2.spm.model"));
        Assert.Equal(32000, tokenizer.VocabularySize);
        Assert.Equal((1, 2, true), (tokenizer.BeginOfText, tokenizer.EndOfText, tokenizer.AddsBeginOfText));
        Assert.Equal([2], tokenizer.EndOfGeneration);
    }

    [ConformanceFact]
    public void Llama_3_and_4_end_a_generation_at_the_end_of_text_turn_and_message()
    {
        var llama3 = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama3.tiktoken"));
        Assert.Equal((128000, 128001, true), (llama3.BeginOfText, llama3.EndOfText, llama3.AddsBeginOfText));
        Assert.Equal([128001, 128008, 128009], llama3.EndOfGeneration.Order());
        var llama4 = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama4.tiktoken"));
        Assert.Equal((200000, 200001, true), (llama4.BeginOfText, llama4.EndOfText, llama4.AddsBeginOfText));
        Assert.Equal([200001, 200007, 200008], llama4.EndOfGeneration.Order());
    }
}
