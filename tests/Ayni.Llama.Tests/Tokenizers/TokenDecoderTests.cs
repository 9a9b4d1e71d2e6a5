using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

public class TokenDecoderTests
{
    private static readonly Tokenizer Bytes = SmallVocabularies.Open(SmallVocabularies.Tiktoken());
    private static readonly Tokenizer Pieces = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf());

    [Fact]
    public void An_incomplete_character_is_held_back_until_it_is_complete()
    {
        var decoder = new TokenDecoder(Bytes);
        Assert.Equal(["", "", "", "😀", "A", ""], new[] { 0xF0, 0x9F, 0x98, 0x80, 'A', 0xC3 }.Select(decoder.Append));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("", decoder.Flush());
        Assert.Equal("B", decoder.Append('B'));
    }

    [Fact]
    public void Each_maximal_invalid_part_is_one_replacement_as_soon_as_it_is_known()
    {
        var decoder = new TokenDecoder(Bytes);
        Assert.Equal(["\uFFFD", "", "", "\uFFFDA", "", "\uFFFD\uFFFD"], new[] { 0xFF, 0xE4, 0xB8, 'A', 0xF4, 0x90 }.Select(decoder.Append));
    }

    [Fact]
    public void The_pieces_of_any_ids_and_the_flush_are_the_whole_text()
    {
        foreach (var tokenizer in (Tokenizer[])[Bytes, Pieces])
        {
            Prop.ForAll(Gen.Choose(0, tokenizer.VocabularySize - 1).ListOf().ToArbitrary(), ids =>
            {
                foreach (var skip in (bool[])[false, true])
                {
                    var decoder = new TokenDecoder(tokenizer, skip);
                    var streamed = string.Concat(ids.Select(decoder.Append)) + decoder.Flush();
                    Assert.Equal(tokenizer.Decode([.. ids], skip), streamed);
                    Assert.Equal(Whole(tokenizer, ids, skip), streamed);
                }
            }).QuickCheckThrowOnFailure();
        }
    }

    [Fact]
    public void The_first_space_of_a_text_is_dropped_unless_it_continues_another()
    {
        var ids = Pieces.Encode("hello hello");
        Assert.Equal("hello hello", Pieces.Decode(ids));
        Assert.Equal("hello", new TokenDecoder(Pieces).Append(ids[0]));
        Assert.Equal(" hello", new TokenDecoder(Pieces, continues: true).Append(ids[0]));
        Assert.Equal("hello", Pieces.Decode([1, ids[0]], skipSpecial: true));
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenDecoder(Bytes).Append(Bytes.VocabularySize));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.IsSpecial(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = Bytes.BytesOf(Bytes.VocabularySize).Length);
    }

    private static string Whole(Tokenizer tokenizer, IEnumerable<int> ids, bool skip)
    {
        var shown = ids.Where(id => !skip || !tokenizer.IsSpecial(id)).ToList();
        var bytes = shown.ConvertAll(id => tokenizer.BytesOf(id).ToArray());
        var first = shown.FindIndex(id => !tokenizer.IsSpecial(id));
        if (tokenizer.OpensWithSpace && first >= 0 && bytes[first] is [(byte)' ', ..])
            bytes[first] = bytes[first][1..];
        return System.Text.Encoding.UTF8.GetString([.. bytes.SelectMany(b => b)]);
    }
}
