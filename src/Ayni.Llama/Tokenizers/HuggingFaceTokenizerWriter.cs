using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>Writes Hugging Face's <c>tokenizer.json</c>, in the form of the two kinds that Llamas have.</summary>
internal static class HuggingFaceTokenizerWriter
{
    private const string SpaceMark = "\u2581";

    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The file's bytes; null where merges can't say what the vocabulary does: pieces of the same score, whose places in the text decide,
    /// or pieces made of characters that are none.
    /// </summary>
    public static byte[]? Write(TokenizerDescription description)
    {
        if (description.Merges.Any(group => group.Any(merge => merge.Left < 0 || merge.Right < 0))
            || (!description.IsBytePair && description.Merges.Any(group => group.DistinctBy(merge => merge.Merged).Count() > 1 && !description.IsRunGroup(group)))
            || description.Tokenizer is SentencePieceTokenizer { Format: { RemovesExtraSpaces: true } or { FallsBackToBytes: false } })
        {
            return null;
        }
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            WriteAddedTokens(json, description);
            if (description.Tokenizer is BytePairTokenizer byteLevel)
                WriteByteLevel(json, byteLevel);
            else
                WritePieces(json, (SentencePieceTokenizer)description.Tokenizer);
            WritePostProcessor(json, description);
            WriteModel(json, description);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void WriteAddedTokens(Utf8JsonWriter json, TokenizerDescription description)
    {
        json.WriteStartArray("added_tokens");
        for (var id = 0; id < description.Tokens.Length; id++)
        {
            if (!IsAdded(description.Types[id]))
                continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", TextOf(description, id));
            foreach (var flag in (string[])["single_word", "lstrip", "rstrip", "normalized"])
                json.WriteBoolean(flag, false);
            json.WriteBoolean("special", description.Types[id] != TokenType.UserDefined);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Tokens that are found in a text as it is, before its spaces are marked, are written with spaces.</summary>
    private static string TextOf(TokenizerDescription description, int id) => description.Types[id] == TokenType.UserDefined && !description.IsBytePair
        ? description.Tokens[id].Replace(SpaceMark, " ", StringComparison.Ordinal)
        : description.Tokens[id];

    private static bool IsAdded(TokenType type) => type is TokenType.Control or TokenType.Unknown or TokenType.UserDefined;

    private static void WriteByteLevel(Utf8JsonWriter json, BytePairTokenizer tokenizer)
    {
        json.WriteNull("normalizer");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        var expression = tokenizer.Pattern == SplitPattern.Llama3 ? Llama3SplitPattern.Expression
            : tokenizer.Pattern == SplitPattern.Llama4 ? Llama4SplitPattern.Expression : null;
        if (expression is not null)
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", expression);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
        }
        else if (tokenizer.Pattern == SplitPattern.Gpt2SingleDigits)
        {
            json.WriteStartObject();
            json.WriteString("type", "Digits");
            json.WriteBoolean("individual_digits", true);
            json.WriteEndObject();
        }
        json.WriteStartObject();
        WriteByteLevelStep(json, usesExpression: expression is null);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("decoder");
        WriteByteLevelStep(json, usesExpression: true);
    }

    private static void WriteByteLevelStep(Utf8JsonWriter json, bool usesExpression)
    {
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", usesExpression);
        json.WriteEndObject();
    }

    private static void WritePieces(Utf8JsonWriter json, SentencePieceTokenizer tokenizer)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("normalizers");
        if (tokenizer.Format.AddsDummySpace)
        {
            json.WriteStartObject();
            json.WriteString("type", "Prepend");
            json.WriteString("prepend", SpaceMark);
            json.WriteEndObject();
        }
        WriteReplacement(json, " ", SpaceMark);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("pre_tokenizer");
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        WriteReplacement(json, SpaceMark, " ");
        foreach (var type in (string[])["ByteFallback", "Fuse"])
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteEndObject();
        }
        if (tokenizer.Format.AddsDummySpace)
        {
            json.WriteStartObject();
            json.WriteString("type", "Strip");
            json.WriteString("content", " ");
            json.WriteNumber("start", 1);
            json.WriteNumber("stop", 0);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteReplacement(Utf8JsonWriter json, string text, string replacement)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        json.WriteStartObject("pattern");
        json.WriteString("String", text);
        json.WriteEndObject();
        json.WriteString("content", replacement);
        json.WriteEndObject();
    }

    private static void WritePostProcessor(Utf8JsonWriter json, TokenizerDescription description)
    {
        if (description.Tokenizer is not { AddsBeginOfText: true, BeginOfText: { } begin })
        {
            json.WriteNull("post_processor");
            return;
        }
        var text = description.Tokens[begin];
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        WriteTemplate("single", ["A"]);
        WriteTemplate("pair", ["A", "B"]);
        json.WriteStartObject("special_tokens");
        json.WriteStartObject(text);
        json.WriteString("id", text);
        json.WriteStartArray("ids");
        json.WriteNumberValue(begin);
        json.WriteEndArray();
        json.WriteStartArray("tokens");
        json.WriteStringValue(text);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();

        void WriteTemplate(string name, string[] sequences)
        {
            json.WriteStartArray(name);
            foreach (var (type, sequence) in sequences.Index())
            {
                WritePart("SpecialToken", text, type);
                WritePart("Sequence", sequence, type);
            }
            json.WriteEndArray();
        }

        void WritePart(string kind, string id, int type)
        {
            json.WriteStartObject();
            json.WriteStartObject(kind);
            json.WriteString("id", id);
            json.WriteNumber("type_id", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteModel(Utf8JsonWriter json, TokenizerDescription description)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        if (Array.IndexOf(description.Types, TokenType.Unknown) is >= 0 and var unknown)
            json.WriteString("unk_token", description.Tokens[unknown]);
        else
            json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", !description.IsBytePair);
        json.WriteBoolean("byte_fallback", !description.IsBytePair);
        json.WriteBoolean("ignore_merges", description.Tokenizer is BytePairTokenizer { TakesWholeWords: true });
        json.WriteStartObject("vocab");
        // Special tokens that follow all others get their ids from the list of added ones.
        var ordinary = description.Types.Length - description.Types.Reverse().TakeWhile(type => description.IsBytePair && IsAdded(type)).Count();
        for (var id = 0; id < ordinary; id++)
            json.WriteNumber(TextOf(description, id), id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var group in description.Merges)
        {
            foreach (var (left, right, _) in description.InListOrder(group))
                json.WriteStringValue($"{description.Tokens[left]} {description.Tokens[right]}");
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
