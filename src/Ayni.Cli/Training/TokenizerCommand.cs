using System.CommandLine;
using System.Globalization;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary><c>ayni tokenizer train</c>: learns a vocabulary from texts.</summary>
internal static class TokenizerCommand
{
    public static Command Create() => new("tokenizer", "Learn a vocabulary of your own from texts.") { CreateTrain() };

    private static Command CreateTrain()
    {
        var texts = new Argument<string[]>("text")
        {
            Description = "Text files, JSONL ({\"text\": …} or {\"messages\": […]}), folders, or patterns with * and **.",
            Arity = ArgumentArity.OneOrMore,
        };
        var size = new Option<int>("--vocab-size", "-n")
        {
            Description = "Tokens in all, special ones included.",
            HelpName = "N",
            Required = true,
        };
        var outputs = new Option<string[]>("--output", "-o")
        {
            Description = "A file to write; its ending says the kind: .gguf, tokenizer.json, .model or .tiktoken. May be given several times.",
            HelpName = "FILE",
            Required = true,
        };
        var kind = new Option<string>("--kind")
        {
            Description = "bytes: bytes merged within words, as in Llama 3. sentencepiece: characters, as in Llama 1 and 2.",
            HelpName = "KIND",
            DefaultValueFactory = _ => "bytes",
        };
        kind.AcceptOnlyFromAmong("bytes", "sentencepiece");
        var digits = new Option<string>("--digits")
        {
            Description = "group: up to three digits may be one token, as in Llama 3. single: each digit is one, as in Llama 1 and 2. "
                + "Without it, as the kind's Llama has it.",
            HelpName = "HOW",
        };
        digits.AcceptOnlyFromAmong("group", "single");
        var force = ModelOption.Force();
        var json = new Option<bool>("--json") { Description = "Print JSON, for scripts." };
        var command = new Command(
            "train",
            """
            Learn a vocabulary: the pairs of symbols that stand side by side most often become tokens, again and again. The same texts give the
            same vocabulary, in whatever order they are named.

            A vocabulary of bytes has the special tokens of Llama 3's chat format, and all 256 of Llama 3's where a .tiktoken or .model file is
            written, whose readers expect them. Recipes take any of the files as model.tokenizer.

            Example:
              ayni tokenizer train corpus/*.jsonl --vocab-size 2048 --digits single -o tokenizer.gguf -o tokenizer.json
            """)
        {
            texts, size, outputs, kind, digits, force, json,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(
            () =>
            {
                var paths = result.GetValue(outputs)!;
                var isBytes = result.GetValue(kind) == "bytes";
                var options = new VocabularyOptions
                {
                    Size = result.GetValue(size),
                    Kind = isBytes ? VocabularyKind.ByteLevel : VocabularyKind.SentencePiece,
                    Digits = (result.GetValue(digits) ?? (isBytes ? "group" : "single")) == "single" ? DigitMerging.Apart : DigitMerging.Grouped,
                    HasAllSpecialTokens = paths.Any(path => Path.GetExtension(path) is ".tiktoken" or ".model"),
                };
                foreach (var path in paths)
                {
                    if (TrainedVocabulary.FindProblem(path, options.Kind) is { } problem)
                        throw new UsageException($"{path}: {problem}.");
                    if (Path.Exists(path) && !result.GetValue(force))
                        throw new UsageException($"{path} is there already; name another one to write, or replace it with --force.");
                }
                var (words, vocabulary) = Learn(result.GetValue(texts)!, options, cancellationToken);
                foreach (var path in paths)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                    vocabulary.Write(path, Path.GetFileNameWithoutExtension(path));
                }
                Write(words, vocabulary, paths, result.GetValue(json));
                return 0;
            },
            CancellationToken.None));
        return command;
    }

    private static (WordCounts Words, TrainedVocabulary Vocabulary) Learn(
        string[] texts, VocabularyOptions options, CancellationToken cancellationToken)
    {
        WordCounts words;
        using (var progress = new LoadProgress("Reading", "texts"))
            words = WordCounts.Read(texts, options, progress, cancellationToken);
        using (var progress = new LoadProgress("Learning", "tokens"))
            return (words, TrainedVocabulary.Learn(words, options, progress, cancellationToken));
    }

    private static void Write(WordCounts words, TrainedVocabulary vocabulary, string[] paths, bool json)
    {
        if (json)
        {
            Output.WriteJson(writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("paths");
                foreach (var path in paths)
                    writer.WriteStringValue(path);
                writer.WriteEndArray();
                writer.WriteNumber("tokens", vocabulary.Tokenizer.VocabularySize);
                writer.WriteNumber("documents", words.Documents);
                writer.WriteNumber("bytes", words.Bytes);
                writer.WriteNumber("bytes_per_token", Math.Round(vocabulary.BytesPerToken, 3));
                writer.WriteEndObject();
            });
            return;
        }
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(", ", paths)}: {vocabulary.Tokenizer.VocabularySize:N0} tokens from {words.Documents:N0} documents of {words.Bytes:N0} bytes, "
            + $"{vocabulary.BytesPerToken:F2} bytes a token"));
    }
}
