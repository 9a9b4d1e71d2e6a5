using System.Text;

namespace Ayni.Llama.Tests;

/// <summary>Bare tokenizer files that are broken: one named error, soon, whatever was done to them.</summary>
public class TokenizerFileTests
{
    [Theory]
    [InlineData("IQ== 1\n", "line 1", "expected rank 0, found 1")]
    [InlineData("IQ== 0\nIg== x\n", "line 2", "not a whole number")]
    [InlineData("IQ== 0\nIg== 1 \n", "line 2", "not a whole number")]
    [InlineData("IQ== 0\nIg= 1\n", "line 2", "not valid base64")]
    [InlineData("IQ== 0\n 1\n", "line 2", "expected a token in base64")]
    [InlineData("IQ== 0\nIg==\n", "line 2", "expected a token in base64")]
    [InlineData("IQ== 0\nIg== 4294967297\n", "line 2", "not a whole number")]
    [InlineData("IQ== 0\r\nIg== 1\r\n", "tokens", "every byte needs one")]
    public void A_broken_line_is_refused_by_number(string content, string field, string problem)
    {
        var e = Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(Encoding.ASCII.GetBytes(content)));
        Assert.Equal(field, e.Field);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ranks_with_the_same_bytes_are_refused()
    {
        byte[] content = [.. SmallVocabularies.Tiktoken(), .. "aGU= 271\n"u8];
        Assert.Equal("rank 256", Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(content)).Field);
    }

    [Fact]
    public void A_token_too_long_to_merge_is_refused()
    {
        byte[] content = [.. SmallVocabularies.Tiktoken(), .. Encoding.ASCII.GetBytes($"{Convert.ToBase64String(new byte[257])} 271\n")];
        Assert.Equal("line 272", Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(content)).Field);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"model\": {}}")]
    [InlineData("GGUF\u0003\0\0\0")]
    [InlineData("\n\u0006")]
    [InlineData("hello world\n")]
    public void Something_else_is_refused(string content) =>
        Assert.Throws<ModelFormatException>(() => SmallVocabularies.Open(Encoding.UTF8.GetBytes(content)));

    [Fact]
    public void A_file_too_large_is_refused_before_it_is_read()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path))
                file.SetLength(TokenizerFile.MaxBytes + 1L);
            Assert.Equal("length", Assert.Throws<ModelFormatException>(() => Tokenizer.Open(path)).Field);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_damaged_sentencepiece_file_is_read_or_refused_by_name() =>
        Damage(
            SmallVocabularies.SentencePieceFile(SmallVocabularies.SentencePieces()),
            content => SentencePieceModel.Parse("damaged", content));

    [Fact]
    public void A_damaged_tiktoken_file_is_read_or_refused_by_name() =>
        Damage(SmallVocabularies.Tiktoken(), content => TiktokenFile.Parse("damaged", content));

    /// <summary>Flips, overwrites, inserts and cuts; what is still read must still encode.</summary>
    internal static void Damage(byte[] valid, Func<byte[], Tokenizer> parse)
    {
        var random = new Random(20261101);
        var (read, refused) = (0, 0);
        for (var round = 0; round < 1500; round++)
        {
            var content = valid.ToList();
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                var at = random.Next(content.Count);
                switch (random.Next(4))
                {
                    case 0:
                        content[at] ^= (byte)(1 << random.Next(8));
                        break;
                    case 1:
                        content[at] = (byte)random.Next(256);
                        break;
                    case 2:
                        content.InsertRange(at, Enumerable.Repeat((byte)0xFF, random.Next(1, 12)));
                        break;
                    default:
                        content.RemoveRange(at, random.Next(1, Math.Min(content.Count - at, 40) + 1));
                        break;
                }
                if (content.Count == 0)
                    content.Add(0);
            }
            try
            {
                var tokenizer = parse([.. content]);
                tokenizer.Decode(tokenizer.Encode("hello world 日本 <s> \n123"));
                read++;
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }
        Assert.True(read > 0 && refused > 100, $"{read} read, {refused} refused");
    }
}
