using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Vocabularies inside GGUF files against recorded ids and texts.</summary>
public class GgufTokenizerConformanceTests
{
    [ConformanceTheory]
    [InlineData("llama2", "vocab-llama2.gguf")]
    [InlineData("llama3", "vocab-llama3.gguf")]
    public void A_real_vocabulary_in_a_gguf_encodes_and_decodes_as_recorded(string family, string file)
    {
        var tokenizer = Open("tokenizers", file);
        Assert.Empty(TokenizerCases.WrongEncodings(tokenizer, family));
        Assert.Empty(TokenizerCases.WrongDecodings(tokenizer, family));
    }

    [ConformanceTheory]
    [InlineData("llama2-tiny")]
    [InlineData("llama3-tiny")]
    [InlineData("llama3-tiny-untied")]
    public void A_small_model_s_vocabulary_gives_its_ids(string model)
    {
        var tokenizer = Open("models", model, $"{model}-f32.gguf");
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("models", model, "vocab_cases.json")));
        AssertEncodes(tokenizer, cases.RootElement.GetProperty("cases"));
    }

    [ConformanceFact]
    public void Bard_s_vocabulary_gives_its_ids()
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("models", "bard", "expected.json")));
        AssertEncodes(Open("models", "bard", "bard.gguf"), expected.RootElement.GetProperty("encode"));
    }

    [ConformanceFact]
    public void A_Llama_4_vocabulary_is_read_as_well()
    {
        var tokenizer = Open("models", "llama4-scout-like", "llama4-scout-like-f32.gguf");
        const string text = "Hello, wörld! 12345 日本 😀\n";
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Contains(tokenizer.FindSpecial("<|eot|>")!.Value, tokenizer.EndOfGeneration.AsEnumerable());
    }

    [ConformanceFact]
    public void The_format_a_gguf_s_template_asks_for_is_found()
    {
        Assert.Equal("llama-3", Format("tokenizers", "vocab-llama3.gguf")?.Name);
        Assert.Null(Format("tokenizers", "vocab-llama2.gguf"));
        Assert.Null(Format("models", "bard", "bard.gguf"));

        static ChatFormat? Format(params string[] parts)
        {
            using var file = GgufFile.Open(Conformance.PathOf(parts));
            return ChatFormat.For(Tokenizer.FromGguf(file.Metadata), file.Metadata.FindString("tokenizer.chat_template"));
        }
    }

    private static void AssertEncodes(Tokenizer tokenizer, JsonElement cases)
    {
        Assert.NotEmpty(cases.EnumerateArray());
        foreach (var test in cases.EnumerateArray())
            Assert.Equal(TokenizerCases.Ids(test.GetProperty("ids")), tokenizer.Encode(test.GetProperty("text").GetString()!));
    }

    private static Tokenizer Open(params string[] parts)
    {
        using var file = GgufFile.Open(Conformance.PathOf(parts));
        return Tokenizer.FromGguf(file.Metadata);
    }
}
