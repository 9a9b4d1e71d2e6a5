using System.Globalization;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class SyntheticVocabularyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SyntheticVocabularyKind.Llama2, 32_000)]
    [InlineData(SyntheticVocabularyKind.Llama3, 128_256)]
    [InlineData(SyntheticVocabularyKind.Llama4, 202_048)]
    public void A_vocabulary_is_full_and_every_text_comes_back(SyntheticVocabularyKind kind, int size)
    {
        var tokenizer = Read(kind);
        Assert.Equal(size, tokenizer.VocabularySize);
        Assert.True(tokenizer.AddsBeginOfText);
        foreach (var text in (string[])["hello big world", "2024 and 7", "مرحبا", "日本 🦙", "a\n\tb  c", "Ünïcødé\0\u0080"])
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData(SyntheticVocabularyKind.Llama2)]
    [InlineData(SyntheticVocabularyKind.Llama3)]
    [InlineData(SyntheticVocabularyKind.Llama4)]
    public void A_tokens_own_text_is_that_token(SyntheticVocabularyKind kind)
    {
        var tokenizer = Read(kind);
        var tested = 0;
        // A prime step visits every part of the vocabulary.
        for (var id = 259; id < tokenizer.VocabularySize; id += 97)
        {
            var text = tokenizer.Decode([id]);
            if (tokenizer.IsSpecial(id) || text.Contains('\uFFFD', StringComparison.Ordinal))
                continue;
            int[] ids = tokenizer.Encode(text);
            // SentencePiece puts a space before a text, which a word without one then takes up.
            if (kind == SyntheticVocabularyKind.Llama2)
                Assert.Equal(text.TrimStart(' '), tokenizer.Decode(ids).TrimStart(' '));
            else
                Assert.Equal([id], ids);
            tested++;
        }
        Assert.InRange(tested, 300, int.MaxValue);
    }

    [ConformanceTheory]
    [InlineData(SyntheticVocabularyKind.Llama3, "llama3")]
    [InlineData(SyntheticVocabularyKind.Llama4, "llama4")]
    public void Special_tokens_are_at_their_real_ids(SyntheticVocabularyKind kind, string name)
    {
        var tokenizer = Read(kind);
        var real = Tokenizer.Open(Conformance.PathOf("tokenizers", $"{name}.tiktoken"));
        Assert.Equal(real.VocabularySize, tokenizer.VocabularySize);
        for (var id = real.BeginOfText!.Value; id < real.VocabularySize; id++)
        {
            Assert.True(tokenizer.IsSpecial(id), id.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(real.BytesOf(id), tokenizer.BytesOf(id));
        }
        Assert.Equal(real.BeginOfText, tokenizer.BeginOfText);
        Assert.Superset(real.EndOfGeneration, tokenizer.EndOfGeneration);
        for (var b = 0; b < 256; b++)
            Assert.Equal(1, tokenizer.BytesOf(b).Length);
    }

    private Tokenizer Read(SyntheticVocabularyKind kind)
    {
        var writer = new GgufWriter();
        SyntheticVocabulary.AddTo(writer, kind);
        var path = _folder.PathOf($"{kind}.gguf");
        writer.Save(path);
        using var file = GgufFile.Open(path);
        return Tokenizer.FromGguf(file.Metadata);
    }
}
