using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public class BytePairTokenizerTests
{
    private static readonly Tokenizer FromTiktoken = SmallVocabularies.Open(SmallVocabularies.Tiktoken());
    private static readonly Tokenizer FromGguf = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf());

    [Fact]
    public void Words_merge_by_rank_and_a_whole_word_is_taken_as_it_is()
    {
        Assert.Equal(["hello", " world"], Texts(FromGguf, "hello world"));
        Assert.Equal(["hell", "hell"], Texts(FromGguf, "hellhell"));
        Assert.Equal(["123", "4"], Texts(FromGguf, "1234"));
    }

    [Fact]
    public void Ranks_and_merges_give_the_same_ids()
    {
        Prop.ForAll(RandomTexts.Arbitrary, text => Assert.Equal(FromTiktoken.Encode(text), FromGguf.Encode(text)))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Decoding_gives_the_text_back_with_U_FFFD_for_lone_surrogates()
    {
        Prop.ForAll(RandomTexts.Arbitrary, text =>
        {
            var expected = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(expected, FromTiktoken.Decode(FromTiktoken.Encode(text)));
            Assert.Equal(expected, FromGguf.Decode(FromGguf.Encode(text, special: true)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Special_texts_are_plain_text_unless_asked_for()
    {
        var eot = FromGguf.FindSpecial("<|eot_id|>")!.Value;
        Assert.DoesNotContain(eot, FromGguf.Encode("a<|eot_id|>b"));
        Assert.Equal(["a", "<|eot_id|>", "<|eot_id|>", "b"], Texts(FromGguf, "a<|eot_id|><|eot_id|>b", special: true));
        Assert.Equal("ab", FromGguf.Decode(FromGguf.Encode("a<|eot_id|>b", special: true), skipSpecial: true));
        Assert.True(FromGguf.IsSpecial(eot));
        Assert.False(FromGguf.IsSpecial(0));
    }

    [Fact]
    public void A_user_defined_token_stands_for_its_text_everywhere_and_is_not_special()
    {
        Assert.Equal(["a", "<think>", "b"], Texts(FromGguf, "a<think>b"));
        Assert.Equal("a<think>b", FromGguf.Decode(FromGguf.Encode("a<think>b"), skipSpecial: true));
    }

    [Theory]
    [InlineData("<|im_start|>")]
    [InlineData("<|im_end|>")]
    [InlineData("<|start_header_id|>")]
    [InlineData("<end_of_turn>")]
    [InlineData("<start_of_turn>")]
    [InlineData("</s>")]
    [InlineData("<s>")]
    public void A_user_defined_token_of_a_control_token_s_text_is_one(string text)
    {
        // The last token of the file is user-defined.
        var metadata = SmallVocabularies.BytePairGguf();
        var tokens = metadata.FindArray<string>("tokenizer.ggml.tokens")!;
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(("tokenizer.ggml.tokens", (string[])[.. tokens[..^1], text])));
        Assert.DoesNotContain(tokens.Length - 1, tokenizer.Encode($"a{text}b"));
        Assert.Equal(tokens.Length - 1, tokenizer.Encode($"a{text}b", special: true)[1]);
        Assert.True(tokenizer.IsSpecial(tokens.Length - 1));
        Assert.Equal($"a{text}b", tokenizer.Decode(tokenizer.Encode($"a{text}b")));
    }

    [Fact]
    public void The_file_s_ids_and_the_known_endings_end_a_generation()
    {
        Assert.Equal("<|begin_of_text|>", Text(FromGguf, FromGguf.BeginOfText!.Value));
        Assert.True(FromGguf.AddsBeginOfText);
        Assert.Equal(["<|end_of_text|>", "<|eot_id|>"], FromGguf.EndOfGeneration.Order().Select(id => Text(FromGguf, id)));
        var named = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(
            ("tokenizer.ggml.eot_token_id", 7u), ("tokenizer.ggml.eom_token_id", 8u), ("tokenizer.ggml.add_bos_token", false)));
        Assert.Equal(2, named.EndOfGeneration.Count(id => id is 7 or 8));
        Assert.False(named.AddsBeginOfText);
    }

    [Fact]
    public void A_word_far_beyond_the_cache_and_the_stack_is_merged_as_well()
    {
        var text = string.Concat(Enumerable.Repeat("hello", 20_000));
        Assert.Equal(20_000, FromGguf.Encode(text).Length);
        Assert.Equal(text, FromGguf.Decode(FromGguf.Encode(text)));
    }

    [Fact]
    public void Many_threads_may_encode_at_once()
    {
        var texts = Enumerable.Range(0, 400).Select(i => string.Concat(Enumerable.Repeat($"hello world{i} wor", 1 + i % 50))).ToArray();
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf());
        Parallel.For(0, texts.Length, i => Assert.Equal(texts[i], tokenizer.Decode(tokenizer.Encode(texts[i]))));
    }

    [Fact]
    public void A_byte_without_a_token_is_left_out()
    {
        var tokens = (string[])SmallVocabularies.BytePairGguf().Find("tokenizer.ggml.tokens")!;
        var without = tokens.ToArray();
        without['x'] = "[gone]";
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(("tokenizer.ggml.tokens", without)));
        Assert.Equal("ab", tokenizer.Decode(tokenizer.Encode("axb")));
    }

    [Theory]
    [InlineData("tokenizer.ggml.model", null)]
    [InlineData("tokenizer.ggml.model", "bert")]
    [InlineData("tokenizer.ggml.pre", "qwen2")]
    [InlineData("tokenizer.ggml.tokens", null)]
    [InlineData("tokenizer.ggml.tokens", new string[0])]
    [InlineData("tokenizer.ggml.tokens", new[] { "a", "b" })]
    [InlineData("tokenizer.ggml.token_type", new[] { 1 })]
    [InlineData("tokenizer.ggml.merges", null)]
    [InlineData("tokenizer.ggml.merges", new[] { "a" })]
    [InlineData("tokenizer.ggml.merges", new[] { " a" })]
    [InlineData("tokenizer.ggml.merges", new[] { "a " })]
    [InlineData("tokenizer.ggml.merges", new[] { "a q" })]
    [InlineData("tokenizer.ggml.bos_token_id", 100000u)]
    [InlineData("tokenizer.ggml.eos_token_id", -1)]
    [InlineData("tokenizer.ggml.eos_token_id", "2")]
    public void A_file_that_contradicts_itself_is_refused_by_key(string key, object? value)
    {
        var e = Assert.Throws<ModelFormatException>(() => Tokenizer.FromGguf(SmallVocabularies.BytePairGguf((key, value))));
        // Changing the number of tokens shows first where types are counted.
        Assert.Contains(e.Field, (string[])[key, "tokenizer.ggml.token_type"]);
    }

    [Fact]
    public void A_file_without_a_split_is_the_first_Llama_3_or_refused()
    {
        Assert.Equal(FromGguf.Encode("hello World 12345"),
            Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(("tokenizer.ggml.pre", null))).Encode("hello World 12345"));
        var tokens = (string[])SmallVocabularies.BytePairGguf().Find("tokenizer.ggml.tokens")!;
        string[] renamed = [.. tokens.Select(token => token.Replace("begin", "start", StringComparison.Ordinal))];
        var e = Assert.Throws<ModelFormatException>(() => Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(
            ("tokenizer.ggml.pre", "default"), ("tokenizer.ggml.tokens", renamed))));
        Assert.Equal("tokenizer.ggml.pre", e.Field);
    }

    [Fact]
    public void A_merge_into_a_control_token_never_happens()
    {
        var tokens = (string[])SmallVocabularies.BytePairGguf().Find("tokenizer.ggml.tokens")!;
        var changed = tokens.ToArray();
        changed[^3] = "ab";
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf(
            ("tokenizer.ggml.tokens", changed), ("tokenizer.ggml.merges", new[] { "a b" })));
        Assert.Equal(["a", "b"], Texts(tokenizer, "ab"));
    }

    private static string[] Texts(Tokenizer tokenizer, string text, bool special = false) =>
        [.. tokenizer.Encode(text, special).Select(id => Text(tokenizer, id))];

    private static string Text(Tokenizer tokenizer, int id) => Encoding.UTF8.GetString(tokenizer.BytesOf(id));
}
