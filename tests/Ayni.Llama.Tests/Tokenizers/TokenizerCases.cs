using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Runs a tokenizer over recorded cases and lists those it gets wrong.</summary>
internal static class TokenizerCases
{
    public static List<string> WrongEncodings(Tokenizer tokenizer, string family)
    {
        var wrong = new List<string>();
        foreach (var line in File.ReadLines(Conformance.PathOf("tokenizers", $"{family}.encode.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var test = document.RootElement;
            var special = test.TryGetProperty("special", out var flag) && flag.GetBoolean();
            var texts = new List<string> { test.GetProperty("text").GetString()! };
            if (test.TryGetProperty("utf16", out var units))
                texts.Add(new string([.. units.EnumerateArray().Select(unit => (char)unit.GetInt32())]));
            foreach (var text in texts)
            {
                var ids = tokenizer.Encode(text, special);
                if (!ids.SequenceEqual(Ids(test.GetProperty("ids"))))
                    wrong.Add($"{Shortened(line)} gave [{Shortened(string.Join(", ", ids))}]");
            }
        }
        return wrong;
    }

    public static List<string> WrongDecodings(Tokenizer tokenizer, string family)
    {
        var wrong = new List<string>();
        foreach (var line in File.ReadLines(Conformance.PathOf("tokenizers", $"{family}.decode.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            var test = document.RootElement;
            var ids = Ids(test.GetProperty("ids"));
            var bytes = Convert.ToHexStringLower([.. ids.SelectMany(id => tokenizer.BytesOf(id).ToArray())]);
            // A recorded SentencePiece text is without the first token's space.
            if (tokenizer.OpensWithSpace && bytes.StartsWith("20", StringComparison.Ordinal))
                bytes = bytes[2..];
            Check("bytes_hex", bytes);
            Check("text", tokenizer.Decode(ids));
            Check("text_skip_special", tokenizer.Decode(ids, skipSpecial: true));
            var decoder = new TokenDecoder(tokenizer);
            var stream = ids.Select(decoder.Append).ToArray();
            Check("flush", decoder.Flush());
            // Python, which recorded this, holds a surrogate in UTF-8 back for one byte more than is needed to know that it is wrong.
            if (test.GetProperty("bytes_hex").GetString() != "eda080"
                && test.GetProperty("stream") is { ValueKind: JsonValueKind.Array } pieces
                && !pieces.EnumerateArray().Select(piece => piece.GetString()!).SequenceEqual(stream))
            {
                wrong.Add($"{Shortened(line)} streamed {JsonSerializer.Serialize(stream)}");
            }

            void Check(string field, string actual)
            {
                if (test.TryGetProperty(field, out var expected)
                    && expected.ValueKind != JsonValueKind.Null
                    && expected.GetString() != actual)
                {
                    wrong.Add($"{field} of {Shortened(line)} gave {JsonSerializer.Serialize(actual)}");
                }
            }
        }
        return wrong;
    }

    public static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];

    private static string Shortened(string text) => text.Length <= 500 ? text : text[..500] + "…";
}
