using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public class SentencePieceTokenizerTests
{
    private static readonly Tokenizer FromFile =
        SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces()));

    private static readonly Tokenizer FromGguf = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf());

    [Fact]
    public void A_text_gets_a_space_before_it_and_merges_by_score()
    {
        Assert.Equal([" hello", " world"], Texts(FromFile, "hello world"));
        Assert.Equal(["  ", "hello"], Texts(FromFile, " hello"));
        Assert.Equal([], FromFile.Encode(""));
    }

    [Fact]
    public void Equal_scores_merge_from_the_left()
    {
        List<SentencePiece> pieces =
            [.. SmallVocabularies.SentencePieces(), new("aa", -50, TokenType.Normal), new("ab", -50, TokenType.Normal)];
        var tokenizer = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(pieces));
        Assert.Equal([" ", "aa", "b"], Texts(tokenizer, "aab"));
    }

    [Fact]
    public void Characters_that_are_no_pieces_are_written_by_their_bytes()
    {
        var ids = FromFile.Encode("\n本");
        Assert.Equal([3 + 0x0A, 3 + 0xE6, 3 + 0x9C, 3 + 0xAC], ids[1..]);
        Assert.Equal("\n本", FromFile.Decode(ids));
    }

    [Fact]
    public void A_space_that_is_no_piece_is_written_by_the_bytes_of_its_mark()
    {
        var pieces = SmallVocabularies.SentencePieces().Where(piece => !piece.Text.Contains('▁', StringComparison.Ordinal));
        Assert.Equal([3 + 0xE2, 3 + 0x96, 3 + 0x81], SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(pieces)).Encode("h")[..3]);
    }

    [Fact]
    public void File_and_gguf_give_the_same_ids_and_the_text_comes_back()
    {
        Prop.ForAll(RandomTexts.Arbitrary, text =>
        {
            var ids = FromFile.Encode(text);
            Assert.Equal(ids, FromGguf.Encode(text));
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('▁', ' '), FromFile.Decode(ids));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Cutting_a_text_between_strangers_changes_no_id()
    {
        // A piece that has any two characters side by side forbids every cut.
        var characters = "▁helowrd.é日\n本a".Select(c => c.ToString()).ToArray();
        var all = characters.SelectMany(a => characters.Select(b => new SentencePiece($"{a}{b}▁▁never", -1e6f, TokenType.Normal)));
        var uncut = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces().Concat(all)));
        var texts = Gen.Elements(characters).ListOf().Select(string.Concat).ToArbitrary();
        Prop.ForAll(texts, text => Assert.Equal(uncut.Encode(text), FromFile.Encode(text))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Special_texts_are_plain_text_unless_asked_for_and_each_part_gets_its_space()
    {
        Assert.DoesNotContain(1, FromFile.Encode("<s>hello"));
        Assert.Equal(["<s>", " hello", "</s>", "<s>", " hello"], Texts(FromFile, "<s>hello</s><s>hello", special: true));
    }

    [Fact]
    public void A_user_defined_piece_stands_for_its_text_everywhere()
    {
        Assert.Equal([" hello", "[tool]", "hello"], Texts(FromFile, "hello[tool]hello"));
        Assert.Equal("hello[tool]", FromFile.Decode(FromFile.Encode("hello[tool]"), skipSpecial: true));
    }

    [Theory]
    [InlineData("<|im_start|>")]
    [InlineData("<|im_end|>")]
    [InlineData("<end_of_turn>")]
    public void A_user_defined_piece_of_a_control_token_s_text_is_one(string text)
    {
        var pieces = SmallVocabularies.SentencePieces();
        pieces[^1] = new(text, 0, TokenType.UserDefined);
        var tokenizer = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(pieces));
        Assert.DoesNotContain(pieces.Count - 1, tokenizer.Encode($"hello{text}hello"));
        Assert.Equal([" hello", text, " hello"], Texts(tokenizer, $"hello{text}hello", special: true));
    }

    [Fact]
    public void An_unused_piece_helps_to_merge_and_is_written_by_its_parts()
    {
        var pieces = SmallVocabularies.SentencePieces()
            .Select(piece => piece.Text is "hell" or "hello" ? piece with { Type = TokenType.Unused } : piece);
        var tokenizer = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(pieces));
        Assert.Equal(["  ", "he", "ll", "o"], Texts(tokenizer, " hello"));
        Assert.Equal([" hello"], Texts(tokenizer, "hello"));
    }

    [Fact]
    public void Without_byte_tokens_a_run_of_unknown_characters_is_one_unknown_token()
    {
        var pieces = SmallVocabularies.SentencePieces().Where(piece => piece.Type != TokenType.Byte);
        var tokenizer = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(pieces, trainer: [3 << 3, 2]));
        Assert.Equal(["h", "<unk>", "e"], Texts(tokenizer, "h本本!e")[1..]);
    }

    [Fact]
    public void The_dummy_space_can_be_off_and_extra_spaces_removed()
    {
        var plain = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf(("tokenizer.ggml.add_space_prefix", false)));
        Assert.Equal(["hello"], Texts(plain, "hello"));
        Assert.Equal(" hello", plain.Decode(plain.Encode(" hello")));
        var tidy = SmallVocabularies.Open(SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces(), normalizer: [4 << 3, 1]));
        Assert.Equal([" hello", " world"], Texts(tidy, "  hello   world "));
        Assert.Equal([], tidy.Encode("   "));
    }

    [Fact]
    public void Ids_the_file_does_not_name_are_the_usual_ones_where_the_types_agree()
    {
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf(
            ("tokenizer.ggml.bos_token_id", null), ("tokenizer.ggml.eos_token_id", null), ("tokenizer.ggml.unknown_token_id", null)));
        Assert.Equal((1, 2, true), (tokenizer.BeginOfText, tokenizer.EndOfText, tokenizer.AddsBeginOfText));
        Assert.Equal([2], tokenizer.EndOfGeneration);
    }

    [Fact]
    public void A_file_without_types_is_read_by_its_texts_and_ids()
    {
        var tokenizer = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf(("tokenizer.ggml.token_type", null)));
        Assert.Equal(FromFile.Encode("hello\n本"), tokenizer.Encode("hello\n本"));
        Assert.True(tokenizer.IsSpecial(1));
    }

    [Theory]
    [InlineData("tokenizer.ggml.scores", null)]
    [InlineData("tokenizer.ggml.scores", new[] { 1f })]
    [InlineData("tokenizer.ggml.tokens", new[] { 1 })]
    [InlineData("tokenizer.ggml.token_type", new[] { 9 })]
    [InlineData("tokenizer.ggml.add_space_prefix", "yes")]
    public void A_gguf_that_contradicts_itself_is_refused_by_key(string key, object? value)
    {
        var gguf = SmallVocabularies.SentencePieceGguf((key, value));
        Assert.Equal(key, Assert.Throws<ModelFormatException>(() => Tokenizer.FromGguf(gguf)).Field);
    }

    [Fact]
    public void Impossible_pieces_are_refused_by_number()
    {
        Refused("pieces[1]", new SentencePiece("<0xZZ>", 0, TokenType.Byte));
        Refused("pieces[1]", new SentencePiece("nan", float.NaN, TokenType.Normal));
        Refused("pieces[1].piece", new SentencePiece("", 0, TokenType.Normal));
        Refused("pieces[1].type", new SentencePiece("x", 0, (TokenType)7));
        Refused("pieces[1]", new SentencePiece(new string('x', 257), 0, TokenType.Normal));

        static void Refused(string field, SentencePiece piece)
        {
            var file = SmallVocabularies.SentencePieceFile([new("<unk>", 0, TokenType.Unknown), piece]);
            Assert.Equal(field, Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(file)).Field);
        }
    }

    [Fact]
    public void What_would_change_ids_and_is_not_built_is_refused_by_name()
    {
        Refused("trainer_spec.model_type", trainer: [3 << 3, 1]);
        Refused("trainer_spec.treat_whitespace_as_suffix", trainer: [3 << 3, 2, 0xC0, 1, 1]);
        Refused("normalizer_spec.precompiled_charsmap", normalizer: [(2 << 3) | 2, 1, 7]);
        Refused("normalizer_spec.escape_whitespaces = false", normalizer: [5 << 3, 0]);

        static void Refused(string field, byte[]? trainer = null, byte[]? normalizer = null)
        {
            var file = SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces(), trainer, normalizer);
            Assert.Equal(field, Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(file)).Field);
        }
    }

    private static string[] Texts(Tokenizer tokenizer, string text, bool special = false) =>
        [.. tokenizer.Encode(text, special).Select(id => Encoding.UTF8.GetString(tokenizer.BytesOf(id)))];
}
