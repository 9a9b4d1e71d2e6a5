using System.Text;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// A vocabulary that was learned from texts, and the files it can be written as. The same texts give the same to the bit.
/// </summary>
public sealed class TrainedVocabulary
{
    private const int LongestToken = 128;
    private const int LongestPiece = 16;
    private const double CharacterCoverage = 0.99995;

    /// <summary>The special tokens that Llama 3's chat format needs; a model has no use for the row of another.</summary>
    private static readonly string[] ChatSpecials =
    [
        "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
        "<|eot_id|>", "<|python_tag|>",
    ];

    /// <summary>The same for readers that know no format by its tokens, in Jinja2.</summary>
    private const string ChatTemplate =
        "{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
        + "message['content'] + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
        + "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    private readonly TokenizerDescription _description;

    private TrainedVocabulary(Tokenizer tokenizer, float[]? scores, double bytesPerToken)
    {
        _description = TokenizerDescription.Of(tokenizer, scores);
        BytesPerToken = bytesPerToken;
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer => _description.Tokenizer;

    /// <summary>Bytes of the texts it was learned from for each token they become.</summary>
    public double BytesPerToken { get; }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="words">The words, counted with the same options.</param>
    /// <param name="options">What the vocabulary shall be like.</param>
    /// <param name="progress">Told the share of the tokens that is learned.</param>
    /// <param name="cancellationToken">Ends the learning.</param>
    /// <exception cref="DataException">The texts don't give so many tokens, or the size does not fit what every vocabulary has.</exception>
    public static TrainedVocabulary Learn(
        WordCounts words, VocabularyOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Size > TokenizerFile.MaxTokens)
            throw new DataException($"A vocabulary has at most {TokenizerFile.MaxTokens:N0} tokens, not {options.Size:N0}.");
        return options.Kind == VocabularyKind.ByteLevel
            ? LearnBytes(words, options, progress, cancellationToken)
            : LearnPieces(words, options, progress, cancellationToken);
    }

    /// <summary>Why a vocabulary can't be written under a name, in words; null where it can.</summary>
    public static string? FindProblem(string path, VocabularyKind kind) => Path.GetExtension(path) switch
    {
        ".gguf" or ".json" or ".model" => null,
        ".tiktoken" => kind == VocabularyKind.ByteLevel ? null : "a .tiktoken file has byte-level tokens, and SentencePiece's are pieces",
        _ => "the ending says the kind of file, and is .gguf, .json, .model or .tiktoken",
    };

    /// <summary>
    /// Writes a file of the kind its ending says: a GGUF file without weights; <c>tokenizer.json</c>, with <c>tokenizer_config.json</c>
    /// beside it; or <c>.model</c> and <c>.tiktoken</c> as Meta ships them. What is there under that name is replaced, once the new file
    /// has been read and held against the vocabulary.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the vocabulary is called, where the file says it.</param>
    /// <exception cref="DataException">The file's kind can't say this vocabulary.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Write(string path, string name)
    {
        var isByteLevel = _description.IsBytePair;
        if (FindProblem(path, isByteLevel ? VocabularyKind.ByteLevel : VocabularyKind.SentencePiece) is { } problem)
            throw new DataException($"{path}: {problem}.");
        if (Path.GetExtension(path) == ".gguf")
        {
            WriteGguf(path, name);
            return;
        }
        var isJson = Path.GetExtension(path) == ".json";
        var content = isJson ? HuggingFaceTokenizerWriter.Write(_description)
                ?? throw new DataException($"{path}: tokenizer.json can't say this vocabulary; write a GGUF file.")
            : isByteLevel ? TiktokenFileWriter.Write(_description) : SentencePieceModelWriter.Write(_description);
        if (isJson)
        {
            JsonText.Write(
                Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "tokenizer_config.json"),
                HuggingFaceConfigWriter.WriteTokenizer(_description, isByteLevel ? ChatTemplate : null, 1 << 20));
        }
        var partial = path + ".partial";
        try
        {
            File.WriteAllBytes(partial, content);
            if (_description.FindDifference(TokenizerDescription.Read(partial)) is { } difference)
                throw new DataException($"{path}: a file of this kind gives another vocabulary ({difference}); write a GGUF file.");
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private void WriteGguf(string path, string name)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", name);
        foreach (var (key, value) in GgufTokenizerWriter.Write(path, _description, _description.Tokens.Length, []))
            writer.Add(key, value);
        if (_description.IsBytePair)
            writer.Add("tokenizer.chat_template", ChatTemplate);
        writer.Save(path);
    }

    private static TrainedVocabulary LearnBytes(
        WordCounts words, VocabularyOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        string[] specials = options.HasAllSpecialTokens ? [.. TiktokenFile.Llama3Specials()] : ChatSpecials;
        // A byte is the character of its number, so that a token's text is its bytes.
        string[] alphabet = [.. Enumerable.Range(0, 256).Select(value => ((char)value).ToString())];
        var learner = new MergeLearner(alphabet, LongestToken);
        foreach (var (word, times) in words.Words)
            learner.AddWord([.. Encoding.UTF8.GetBytes(word).Select(value => (int)value)], times);
        var wanted = Wanted(options, alphabet.Length + specials.Length, "the 256 bytes and its special tokens");
        var merged = Learn(learner, wanted, options, progress, cancellationToken);
        var builder = new VocabularyBuilder();
        foreach (var token in alphabet.Concat(merged))
            builder.Add(Encoding.Latin1.GetBytes(token), TokenType.Normal);
        var tokenizer = TiktokenFile.Create("the learned vocabulary", builder, specials, SplitPattern.Llama3);
        return new TrainedVocabulary(tokenizer, null, words.Bytes / (double)Math.Max(1, learner.SymbolsUsed));
    }

    private static TrainedVocabulary LearnPieces(
        WordCounts words, VocabularyOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var characters = FrequentCharacters(words);
        var learner = new MergeLearner(characters.Select(character => character.ToString()), LongestPiece);
        var symbolOf = characters.Index().ToDictionary(character => character.Item, character => character.Index);
        foreach (var (word, times) in words.Words)
        {
            var run = new List<int>();
            foreach (var rune in word.EnumerateRunes().Append(default))
            {
                if (symbolOf.TryGetValue(rune, out var symbol))
                {
                    run.Add(symbol);
                    continue;
                }
                // A rare character is written by its bytes, and stands in no piece.
                learner.AddWord([.. run], times);
                run.Clear();
            }
        }
        List<SentencePiece> pieces =
        [
            new("<unk>", 0, TokenType.Unknown), new("<s>", 0, TokenType.Control), new("</s>", 0, TokenType.Control),
            .. Enumerable.Range(0, 256).Select(value => new SentencePiece($"<0x{value:X2}>", 0, TokenType.Byte)),
        ];
        var special = pieces.Count;
        var wanted = Wanted(options, special + characters.Length, $"its special tokens, the 256 bytes and {characters.Length} characters");
        var merged = Learn(learner, wanted, options, progress, cancellationToken);
        foreach (var text in merged.Concat(characters.Select(character => character.ToString())))
            pieces.Add(new SentencePiece(text, special - pieces.Count, TokenType.Normal));
        var format = new SentencePieceFormat { UnknownId = 0, AddsDummySpace = true };
        var vocabulary = SentencePieceTokenizer.VocabularyOf(pieces, Fail);
        var tokenizer = new SentencePieceTokenizer(vocabulary, pieces, format, Fail)
        {
            BeginOfText = 1,
            EndOfText = 2,
            AddsBeginOfText = true,
            EndOfGeneration = Tokenizer.EndsOfGeneration(vocabulary, 2),
        };
        return new TrainedVocabulary(
            tokenizer, [.. pieces.Select(piece => piece.Score)], words.Bytes / (double)Math.Max(1, learner.SymbolsUsed));

        static ModelFormatException Fail(int id, string problem) => new("the learned vocabulary", -1, $"token {id}", problem);
    }

    /// <summary>The characters that nearly all of the texts are made of, the most frequent first, as SentencePiece takes them.</summary>
    private static Rune[] FrequentCharacters(WordCounts words)
    {
        var counts = new Dictionary<Rune, long>();
        foreach (var (word, times) in words.Words)
        {
            foreach (var rune in word.EnumerateRunes())
                counts[rune] = counts.GetValueOrDefault(rune) + times;
        }
        // U+0000 ends texts elsewhere.
        counts.Remove(default);
        var (all, covered) = (counts.Values.Sum(), 0L);
        var frequent = new List<Rune>();
        foreach (var (rune, count) in counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key))
        {
            if ((double)covered / all >= CharacterCoverage)
                break;
            covered += count;
            frequent.Add(rune);
        }
        return [.. frequent];
    }

    private static int Wanted(VocabularyOptions options, int least, string what) => options.Size > least
        ? options.Size - least
        : throw new DataException(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"A vocabulary of {options.Size} tokens has no room for anything but {what}; ask for more than {least}."));

    private static IReadOnlyList<string> Learn(
        MergeLearner learner, int wanted, VocabularyOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var merged = learner.Learn(wanted, progress, cancellationToken);
        return merged.Count == wanted
            ? merged
            : throw new DataException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"The texts give {options.Size - wanted + merged.Count} tokens, not {options.Size}: nothing else occurs twice. "
                + $"Ask for at most so many, or learn from more text."));
    }
}
