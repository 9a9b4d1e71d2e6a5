using System.Text.Json;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

public sealed class TrainedVocabularyTests : IDisposable
{
    private static readonly string[] Texts =
    [
        "The llama walks 12 miles in the mountains, and 345 more.",
        "La niña canta: ¡qué alegría! 2026-11-27, 99.95, 1234567",
        "السلام عليكم ٣٤٥، هذه قصة عن اللاما.\n\n  tabs\tand   spaces \r\n",
        "<|begin_of_text|> is plain text; so is </s>. 🦙🦙",
        "don't WON'T it's  x_y  ",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<VocabularyKind, DigitMerging, string[]> Kinds => new()
    {
        { VocabularyKind.ByteLevel, DigitMerging.Grouped, ["v.gguf", "tokenizer.json", "v.tiktoken", "tokenizer.model"] },
        { VocabularyKind.ByteLevel, DigitMerging.Apart, ["v.gguf", "tokenizer.json"] },
        { VocabularyKind.SentencePiece, DigitMerging.Apart, ["v.gguf", "tokenizer.json", "tokenizer.model"] },
        { VocabularyKind.SentencePiece, DigitMerging.Grouped, ["v.gguf", "tokenizer.json", "tokenizer.model"] },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_vocabulary_reads_the_same_from_every_file_and_writes_every_text(VocabularyKind kind, DigitMerging digits, string[] files)
    {
        var options = new VocabularyOptions
        {
            Size = 620,
            Kind = kind,
            Digits = digits,
            HasAllSpecialTokens = files.Contains("v.tiktoken"),
        };
        var vocabulary = TrainedVocabulary.Learn(Count(options), options);
        Assert.Equal(620, vocabulary.Tokenizer.VocabularySize);
        Assert.InRange(vocabulary.BytesPerToken, 1.5, 8);
        foreach (var file in files)
        {
            var path = _folder.PathOf(file);
            vocabulary.Write(path, "v");
            var again = NewVocabulary.Read(path).Description;
            Assert.Null(TokenizerDescription.Of(vocabulary.Tokenizer, null).FindDifference(again));
            foreach (var text in Texts)
            {
                var ids = again.Tokenizer.Encode(text);
                Assert.Equal(vocabulary.Tokenizer.Encode(text), ids);
                var decoded = again.Tokenizer.Decode(ids);
                Assert.Equal(text, kind == VocabularyKind.SentencePiece && decoded.StartsWith(' ') ? decoded[1..] : decoded);
            }
        }
    }

    [Theory]
    [InlineData(VocabularyKind.ByteLevel)]
    [InlineData(VocabularyKind.SentencePiece)]
    public void Digits_apart_are_apart_in_every_token(VocabularyKind kind)
    {
        Assert.True(MostDigits(DigitMerging.Grouped) > 1);
        Assert.Equal(1, MostDigits(DigitMerging.Apart));

        int MostDigits(DigitMerging digits)
        {
            var options = new VocabularyOptions { Size = 620, Kind = kind, Digits = digits };
            var words = Count(options);
            foreach (var number in Enumerable.Range(0, 2000))
                words.Add(FormattableString.Invariant($"{number} + {number % 7} = {number + (number % 7)}"));
            var tokenizer = TrainedVocabulary.Learn(words, options).Tokenizer;
            return Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !tokenizer.IsSpecial(id))
                .Max(id => tokenizer.Decode([id]).Count(char.IsAsciiDigit));
        }
    }

    [Fact]
    public void A_chat_model_s_vocabulary_has_the_tokens_of_its_format()
    {
        var options = new VocabularyOptions { Size = 400 };
        var vocabulary = TrainedVocabulary.Learn(Count(options), options);
        vocabulary.Write(_folder.PathOf("v.gguf"), "v");
        using var source = ModelSource.Open(_folder.PathOf("v.gguf"));
        var tokenizer = source.ReadTokenizer()!;
        Assert.IsType<Llama3ChatFormat>(ChatFormat.For(tokenizer, source.ChatTemplate));
        ChatMessage[] messages = [new(ChatRole.System, "Be kind."), new(ChatRole.User, "Hello <|eot_id|>")];
        // The template, for readers that run it, writes what the format known by its tokens does.
        Assert.Equal(
            ChatFormat.For(tokenizer, null)!.Encode(messages), new TemplateChatFormat(tokenizer, source.ChatTemplate!).Encode(messages));
        Assert.Equal(["<|begin_of_text|>", "<|end_of_text|>"], new[] { tokenizer.BeginOfText, tokenizer.EndOfText }
            .Select(id => tokenizer.Decode([id!.Value])));
    }

    /// <summary>
    /// SentencePiece 0.1.97's own trainer, with byte fallback and digits apart as for Llama 2, learned the pieces that are recorded.
    /// </summary>
    [Fact]
    public void Pieces_are_those_that_SentencePiece_learns()
    {
        var root = Conformance.RepositoryRoot;
        using var recorded = JsonDocument.Parse(File.ReadAllBytes(
            Path.Combine(root, "tests", "Ayni.Training.Tests", "Vocabularies", "sentencepiece.json")));
        string[] expected = [.. recorded.RootElement.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()!)];
        var options = new VocabularyOptions { Size = expected.Length, Kind = VocabularyKind.SentencePiece, Digits = DigitMerging.Apart };
        var words = new WordCounts(options);
        words.Add(File.ReadAllText(Path.Combine(root, "LICENSE")));
        foreach (var line in recorded.RootElement.GetProperty("extra").EnumerateArray())
            words.Add(line.GetString());
        var learned = TokenizerDescription.Of(TrainedVocabulary.Learn(words, options).Tokenizer, null).Tokens;
        Assert.Equal(expected, learned);
    }

    [Fact]
    public void The_order_of_the_files_and_their_kind_change_nothing()
    {
        File.WriteAllLines(_folder.PathOf("a.jsonl"), Texts.Select(text => JsonSerializer.Serialize(new { text })));
        foreach (var (i, text) in Texts.Index())
            File.WriteAllText(_folder.PathOf($"{i}.txt"), text);
        var options = new VocabularyOptions { Size = 290 };
        var lines = WordCounts.Read([_folder.PathOf("a.jsonl")], options);
        var texts = WordCounts.Read([_folder.PathOf("*.txt"), _folder.PathOf("0.txt")], options);
        Assert.Equal((5, 5, lines.Bytes), (lines.Documents, texts.Documents, texts.Bytes));
        Assert.Null(Description(lines).FindDifference(Description(texts)));

        TokenizerDescription Description(WordCounts words) => TokenizerDescription.Of(TrainedVocabulary.Learn(words, options).Tokenizer, null);
    }

    [Fact]
    public void Vocabularies_that_do_not_fit_are_refused_by_name()
    {
        Assert.Contains("no room for anything but the 256 bytes", Refusal(new VocabularyOptions { Size = 264 }), StringComparison.Ordinal);
        Assert.Contains("nothing else occurs twice. Ask for at most", Refusal(new VocabularyOptions { Size = 60_000 }), StringComparison.Ordinal);
        Assert.Contains("at most 1,048,576 tokens", Refusal(new VocabularyOptions { Size = int.MaxValue }), StringComparison.Ordinal);
        Assert.Contains(
            "characters; ask for more", Refusal(new VocabularyOptions { Size = 259, Kind = VocabularyKind.SentencePiece }), StringComparison.Ordinal);
        var empty = _folder.PathOf("empty.txt");
        File.WriteAllText(empty, " \n");
        Assert.Contains(
            "no text in any", Assert.Throws<DataException>(() => WordCounts.Read([empty], new VocabularyOptions { Size = 300 })).Message,
            StringComparison.Ordinal);
        var options = new VocabularyOptions { Size = 300 };
        var vocabulary = TrainedVocabulary.Learn(Count(options), options);
        Assert.Throws<DataException>(() => vocabulary.Write(_folder.PathOf("v.tiktoken"), "v"));
        Assert.False(File.Exists(_folder.PathOf("v.tiktoken")));

        static string Refusal(VocabularyOptions options) =>
            Assert.Throws<DataException>(() => TrainedVocabulary.Learn(Count(options), options)).Message;
    }

    /// <summary>The words of the texts above and of this repository's licence.</summary>
    private static WordCounts Count(VocabularyOptions options)
    {
        var words = new WordCounts(options);
        foreach (var text in Texts)
            words.Add(text);
        words.Add(File.ReadAllText(Path.Combine(Conformance.RepositoryRoot, "LICENSE")));
        return words;
    }
}
