using System.Globalization;

namespace Ayni.Llama;

/// <summary>
/// Full-size vocabularies by rule: every byte, then words of lower-case letters with and without a space before them, as many as the family
/// has, and its special tokens at their own ids. Every part of a word is a token too, so whatever is merged first, the word comes out.
/// </summary>
internal static class SyntheticVocabulary
{
    private const int Llama2Tokens = 32_000;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";

    /// <summary>Adds the tokenizer's keys.</summary>
    public static void AddTo(GgufWriter writer, SyntheticVocabularyKind kind)
    {
        if (kind == SyntheticVocabularyKind.Llama2)
            AddSentencePieces(writer);
        else if (kind == SyntheticVocabularyKind.Llama3)
            AddBytePairs(writer, "llama-bpe", 128_000, [.. TiktokenFile.Llama3Specials()], "<|eot_id|>");
        else
            AddBytePairs(writer, "llama4", 200_000, [.. TiktokenFile.Llama4Specials()], "<|eot|>");
        writer.Add("tokenizer.ggml.add_bos_token", true);
    }

    private static void AddBytePairs(GgufWriter writer, string split, int ordinary, string[] specials, string end)
    {
        var bytes = Enumerable.Range(0, 256).Select(b => ByteAlphabet.CharacterOf((byte)b)).Order();
        string[] words = [.. BytePairWords().Take(ordinary - 256)];
        string[] tokens = [.. bytes.Select(character => character.ToString()), .. words, .. specials];
        writer.Add("tokenizer.ggml.model", "gpt2");
        writer.Add("tokenizer.ggml.pre", split);
        writer.Add("tokenizer.ggml.tokens", tokens);
        writer.Add("tokenizer.ggml.token_type", Types(tokens.Length, id => id < ordinary ? TokenType.Normal : TokenType.Control));
        writer.Add("tokenizer.ggml.merges", words.SelectMany(Splits).ToArray());
        writer.Add("tokenizer.ggml.bos_token_id", (uint)ordinary);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)Array.IndexOf(tokens, end));
    }

    private static void AddSentencePieces(GgufWriter writer)
    {
        const int Bytes = 256, FirstByte = 3, FirstWord = FirstByte + Bytes;
        string[] characters = [.. Characters()];
        string[] tokens =
        [
            "<unk>", "<s>", "</s>",
            .. Enumerable.Range(0, Bytes).Select(b => $"<0x{b.ToString("X2", CultureInfo.InvariantCulture)}>"),
            .. SentencePieceWords().Take(Llama2Tokens - FirstWord - characters.Length),
            .. characters,
        ];
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.pre", "default");
        writer.Add("tokenizer.ggml.tokens", tokens);
        writer.Add("tokenizer.ggml.scores", tokens.Select((_, id) => id < FirstWord ? 0f : FirstWord - id).ToArray());
        writer.Add("tokenizer.ggml.token_type", Types(tokens.Length, id => id switch
        {
            0 => TokenType.Unknown,
            < FirstByte => TokenType.Control,
            < FirstWord => TokenType.Byte,
            _ => TokenType.Normal,
        }));
        writer.Add("tokenizer.ggml.bos_token_id", 1u);
        writer.Add("tokenizer.ggml.eos_token_id", 2u);
        writer.Add("tokenizer.ggml.unknown_token_id", 0u);
    }

    private static int[] Types(int count, Func<int, TokenType> typeOf) => [.. Enumerable.Range(0, count).Select(id => (int)typeOf(id))];

    /// <summary>Every way to cut a word in two, as Llama 3's own merges are listed.</summary>
    private static IEnumerable<string> Splits(string word) => Enumerable.Range(1, word.Length - 1).Select(cut => $"{word[..cut]} {word[cut..]}");

    private static IEnumerable<string> BytePairWords()
    {
        var space = ByteAlphabet.CharacterOf((byte)' ').ToString();
        return
        [
            // The characters of two bytes in UTF-8: Latin, Greek, Cyrillic, Hebrew, Arabic.
            .. from first in Enumerable.Range(0xC2, 0x1E)
               from second in Enumerable.Range(0x80, 0x40)
               select $"{ByteAlphabet.CharacterOf((byte)first)}{ByteAlphabet.CharacterOf((byte)second)}",
            .. Texts(Digits, 2), .. Texts(Digits, 3),
            .. Texts(Letters, 2), .. Texts(Letters, 1).Select(text => space + text), .. Texts(Letters, 2).Select(text => space + text),
            .. Texts(Letters, 3), .. Texts(Letters, 3).Select(text => space + text), .. Texts(Letters, 4),
        ];
    }

    private static IEnumerable<string> SentencePieceWords() =>
    [
        .. Texts(Letters, 2), .. Texts(Letters, 1).Select(text => '\u2581' + text), .. Texts(Letters, 2).Select(text => '\u2581' + text),
        .. Texts(Letters, 3), .. Texts(Letters, 3).Select(text => '\u2581' + text),
    ];

    /// <summary>Every text of some characters, scattered over the alphabet so that the first of them are as varied as all.</summary>
    private static IEnumerable<string> Texts(string characters, int length)
    {
        // A prime that divides neither alphabet's powers, so that every number comes up once.
        const long Step = 99_991;
        var count = (long)Math.Pow(characters.Length, length);
        for (var i = 0L; i < count; i++)
        {
            var number = i * Step % count;
            yield return string.Create(length, (characters, number), static (text, state) =>
            {
                var rest = state.number;
                for (var place = text.Length - 1; place >= 0; place--, rest /= state.characters.Length)
                    text[place] = state.characters[(int)(rest % state.characters.Length)];
            });
        }
    }

    /// <summary>SentencePiece's single characters, which end its vocabularies: ASCII, Latin, Cyrillic and Arabic.</summary>
    private static IEnumerable<string> Characters() =>
        Enumerable.Range('!', '~' - '!' + 1)
            .Append('\u2581')
            .Concat(Enumerable.Range(0xA1, 0xDF)).Concat(Enumerable.Range(0x400, 0x60)).Concat(Enumerable.Range(0x621, 0x2A))
            .Select(code => ((char)code).ToString());
}
