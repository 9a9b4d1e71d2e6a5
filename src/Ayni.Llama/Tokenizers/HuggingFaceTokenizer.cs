namespace Ayni.Llama;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> of the two kinds Llamas have: byte-level byte-pair encoding (Llama 3 and 4, SmolLM), and
/// SentencePiece's with a mark for spaces and bytes to fall back to (Llama 2, TinyLlama, Mistral). What would change ids and isn't built
/// here is refused by name. <c>tokenizer_config.json</c> beside it, where there is one, names the special tokens and the chat template.
/// </summary>
internal static class HuggingFaceTokenizer
{
    private const string SpaceMark = "\u2581";

    /// <summary>Whether a file's first character is that of a JSON object.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> content) =>
        TokenizerJson.SkipByteOrderMark(content).TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    /// <summary>Reads the tokenizer; what the configuration doesn't say, the file itself does.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="configuration">What the file beside it says.</param>
    public static Tokenizer Parse(string path, byte[] content, TokenizerConfiguration configuration)
    {
        using var document = TokenizerJson.Parse(path, content);
        var root = new TokenizerJson(path, "", document.RootElement);
        var model = root.Require("model");
        if (model.FindText("type") is not null and not "BPE" and var type)
            throw model.Error("type", $"the model \"{type}\" is not one of those Ayni reads (BPE)");
        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.FindText(name) is { Length: > 0 })
                throw model.Error(name, "this is not supported; no Llama vocabulary uses it");
        }
        if (model.Find("dropout") is { } dropout && dropout.Element.GetRawText() is not ("0" or "0.0"))
            throw model.Error("dropout", "encoding that leaves merges out at random is not supported");

        var tokens = HuggingFaceVocabulary.Read(root, model);
        var begin = TokenId(configuration.BeginOfText) ?? TemplateBegin(root)
            ?? tokens.FindSpecial("<|begin_of_text|>") ?? tokens.FindSpecial("<s>");
        var end = TokenId(configuration.EndOfText) ?? tokens.FindSpecial("<|end_of_text|>") ?? tokens.FindSpecial("</s>");
        var adds = begin is not null && (configuration.AddsBeginOfText ?? TemplateBegin(root) is not null);
        return model.FindBoolean("byte_fallback") ?? false ? SentencePieces() : BytePairs();

        int? TokenId(string? text) => text is null ? null
            : tokens.FindSpecial(text) ?? throw new ModelFormatException(
                path, -1, "added_tokens", $"there is no token {text}, which tokenizer_config.json names");

        int? TemplateBegin(TokenizerJson file) => Template(file.Find("post_processor")) is { } text ? tokens.FindSpecial(text) : null;

        BytePairTokenizer BytePairs()
        {
            if (root.Find("normalizer") is not null)
                throw root.Error("normalizer", "a byte-level vocabulary that changes text first is not supported; no Llama's does");
            var pattern = Pattern(root.Require("pre_tokenizer"));
            var vocabulary = tokens.BuildByteLevel();
            return new BytePairTokenizer(vocabulary, tokens.ReadMerges(model), pattern, model.FindBoolean("ignore_merges") ?? false)
            {
                BeginOfText = begin,
                EndOfText = end,
                AddsBeginOfText = adds,
                EndOfGeneration = Tokenizer.EndsOfGeneration(vocabulary, end),
                ChatTemplate = configuration.ChatTemplate,
            };
        }

        SentencePieceTokenizer SentencePieces()
        {
            var pieces = tokens.BuildPieces(model.FindText("unk_token"));
            var unknown = Array.FindIndex(pieces, piece => piece.Type == TokenType.Unknown);
            var format = new SentencePieceFormat
            {
                UnknownId = unknown >= 0 ? unknown : null,
                AddsDummySpace = AddsDummySpace(root),
                RemovesExtraSpaces = false,
            };
            var vocabulary = SentencePieceTokenizer.VocabularyOf(pieces, Fail);
            return new SentencePieceTokenizer(vocabulary, pieces, format, Fail, tokens.ReadMerges(model))
            {
                BeginOfText = begin,
                EndOfText = end,
                AddsBeginOfText = adds,
                EndOfGeneration = Tokenizer.EndsOfGeneration(vocabulary, end),
                ChatTemplate = configuration.ChatTemplate,
            };
        }

        ModelFormatException Fail(int id, string problem) => new(path, -1, $"model.vocab, token {id}", problem);
    }

    /// <summary>How a byte-level vocabulary cuts text, known by the published patterns' texts.</summary>
    private static SplitPattern Pattern(TokenizerJson preTokenizer)
    {
        TokenizerJson[] steps = preTokenizer.FindText("type") == "Sequence"
            ? [.. preTokenizer.Require("pretokenizers").Items()]
            : [preTokenizer];
        if (steps.Length == 0 || steps[^1].FindText("type") != "ByteLevel")
            throw preTokenizer.Error("type", "expected a ByteLevel step at the end");
        var bytes = steps[^1];
        if (bytes.FindBoolean("add_prefix_space") ?? true)
            throw bytes.Error("add_prefix_space", "a space before each text is not supported in a byte-level vocabulary; no Llama's has it");
        switch (steps[..^1], bytes.FindBoolean("use_regex") ?? true)
        {
            case ([], true):
                return SplitPattern.Gpt2;
            case ([var digits], true) when digits.FindText("type") == "Digits" && (digits.FindBoolean("individual_digits") ?? false):
                return SplitPattern.Gpt2SingleDigits;
            case ([var split], false) when split.FindText("type") == "Split":
                if (split.FindText("behavior") != "Isolated" || (split.FindBoolean("invert") ?? false))
                    throw split.Error("behavior", "expected words to be Isolated and not inverted");
                var pattern = split.Require("pattern");
                return pattern.FindText("Regex") switch
                {
                    Llama3SplitPattern.Expression => SplitPattern.Llama3,
                    Llama4SplitPattern.Expression => SplitPattern.Llama4,
                    var other => throw pattern.Error("Regex", $"the pattern {other} is not one of those Ayni knows (Llama 3's and Llama 4's)"),
                };
            default:
                throw preTokenizer.Error("type", "these steps are not those of a Llama: Split and ByteLevel, ByteLevel, or Digits and ByteLevel");
        }
    }

    /// <summary>
    /// Whether a space is put before a text: by a normalizer that prepends the mark, or by the Metaspace step (every text here is the first
    /// of its own, so its schemes "first" and "always" are the same).
    /// </summary>
    private static bool AddsDummySpace(TokenizerJson root)
    {
        var adds = false;
        var marks = false;
        if (root.Find("normalizer") is { } normalizer)
        {
            TokenizerJson[] steps = normalizer.FindText("type") == "Sequence"
                ? [.. normalizer.Require("normalizers").Items()]
                : [normalizer];
            foreach (var step in steps)
            {
                var prepends = step.FindText("type") == "Prepend" && step.FindText("prepend") == SpaceMark;
                var replaces = step.FindText("type") == "Replace" && step.FindText("content") == SpaceMark
                    && step.Require("pattern").FindText("String") == " ";
                if (!prepends && !replaces)
                    throw step.Error("type", $"the normalizer {step.FindText("type")} as it is here is not one of a Llama's");
                adds |= prepends;
                marks |= replaces;
            }
        }
        if (root.Find("pre_tokenizer") is { } preTokenizer)
        {
            if (preTokenizer.FindText("type") != "Metaspace" || preTokenizer.FindText("replacement") != SpaceMark)
                throw preTokenizer.Error("type", "expected Metaspace with the mark U+2581, or nothing");
            var scheme = preTokenizer.FindText("prepend_scheme")
                ?? (preTokenizer.FindBoolean("add_prefix_space") ?? true ? "always" : "never");
            if (scheme is not ("always" or "first" or "never"))
                throw preTokenizer.Error("prepend_scheme", $"\"{scheme}\" is not always, first or never");
            if (preTokenizer.FindBoolean("split") ?? true)
                throw preTokenizer.Error("split", "cutting text at every space is not supported; no Llama vocabulary does it");
            adds |= scheme != "never";
            marks = true;
        }
        return marks ? adds : throw root.Error("normalizer", "nothing turns spaces into the mark U+2581");
    }

    /// <summary>The token a <c>TemplateProcessing</c> step puts first, or null.</summary>
    private static string? Template(TokenizerJson? processor)
    {
        if (processor is null)
            return null;
        if (processor.FindText("type") == "Sequence")
            return processor.Require("processors").Items().Select(Template).FirstOrDefault(text => text is not null);
        return processor.FindText("type") == "TemplateProcessing"
            ? processor.Require("single").Items().FirstOrDefault()?.Find("SpecialToken")?.FindText("id")
            : null;
    }
}
