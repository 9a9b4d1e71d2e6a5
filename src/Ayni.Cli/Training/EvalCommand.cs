using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary><c>ayni eval</c>: asks a model questions and checks its answers.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The questions, one JSON object a line." };
        var model = ModelOption.Model();
        var adapter = ModelOption.Adapter();
        var threads = ModelOption.Threads();
        var system = new Option<string?>("--system") { Description = "Instructions that precede each question without any of its own." };
        var maxTokens = new Option<int>("-n", "--max-tokens")
        {
            Description = "The most tokens of an answer.",
            HelpName = "N",
            DefaultValueFactory = _ => 128,
        };
        var failures = new Option<bool>("--failures") { Description = "Show each question whose answer fails, and the answer." };
        var json = new Option<bool>("--json") { Description = "Print JSON, with every answer, for scripts." };
        var command = new Command(
            "eval",
            """
            Ask a model questions and check its answers, which are made of the likeliest tokens. A line of the file is a question:
              {"category": "sums", "prompt": "What is 3 + 4?", "check": {"contains": "7", "not": ["8", "9"]}}
            with "messages" (roles and contents) instead of "prompt" for a conversation. All that "check" names must hold:
              exact     the answer is this text, or one of a list of texts
              contains  the text, or each of a list, stands in it as whole words, in capital or small letters
              any       one of a list does
              not       none of them does
              matches   the regular expression is found in it; ^ and $ are its beginning and end
              ends      true: the model ended its answer itself

            Example:
              ayni eval recipes/cria-eval.jsonl --model cria.gguf --failures
            """)
        {
            file, model, adapter, system, maxTokens, failures, json, threads,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = result.GetValue(file)!;
            if (!File.Exists(path))
                throw new UsageException($"There is no file {path}.");
            if (result.GetValue(maxTokens) is < 1 and var few)
                throw new UsageException($"-n {few}: expected 1 or more.");
            var cases = EvaluationCase.ReadFile(path);
            using var loaded = ModelOption.Load(
                result.GetValue(model), result.GetValue(threads), cancellationToken, adapter: result.GetValue(adapter));
            Evaluation evaluation;
            using (var progress = new LoadProgress("Asking", loaded.Name))
            {
                evaluation = await Evaluation.RunAsync(
                    loaded, cases, result.GetValue(system), result.GetValue(maxTokens), progress, cancellationToken).ConfigureAwait(false);
            }
            if (result.GetValue(json))
                WriteJson(loaded, evaluation);
            else
                WriteText(evaluation, result.GetValue(failures));
            return 0;
        });
        return command;
    }

    private static void WriteText(Evaluation evaluation, bool showsFailures)
    {
        foreach (var answer in evaluation.Answers.Where(answer => showsFailures && answer.Failure is not null))
        {
            Console.Out.WriteLine(TerminalText.Clean(
                $"line {answer.Case.Line} ({answer.Case.Category}) fails at {answer.Failure}: {answer.Case.Messages[^1].Content}"));
            Console.Out.WriteLine(TerminalText.Clean($"    {answer.Answer.ReplaceLineEndings("\n    ")}{(answer.HasEnded ? "" : " …")}"));
        }
        var total = evaluation.Total;
        foreach (var score in evaluation.Categories.Append(total with { Category = "all" }))
        {
            Console.Out.WriteLine(TerminalText.Clean(string.Create(
                CultureInfo.InvariantCulture, $"{score.Category,-24} {score.Passed,5} of {score.Count,5}  {score.Share * 100,5:F1} %")));
        }
        if (total.Ended < total.Count)
            Console.Out.WriteLine($"{total.Count - total.Ended} answers were cut off");
    }

    private static void WriteJson(LlamaModel model, Evaluation evaluation) => Output.WriteJson(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("model", model.Name);
        writer.WriteString("adapter", model.Adapter?.Name);
        WriteScore(writer, evaluation.Total);
        writer.WriteStartArray("categories");
        foreach (var score in evaluation.Categories)
        {
            writer.WriteStartObject();
            writer.WriteString("category", score.Category);
            WriteScore(writer, score);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("answers");
        foreach (var answer in evaluation.Answers)
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", answer.Case.Line);
            writer.WriteString("category", answer.Case.Category);
            writer.WriteString("question", answer.Case.Messages[^1].Content);
            writer.WriteString("answer", answer.Answer);
            writer.WriteBoolean("ended", answer.HasEnded);
            writer.WriteBoolean("passed", answer.Failure is null);
            writer.WriteString("failed_at", answer.Failure);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void WriteScore(Utf8JsonWriter writer, EvaluationScore score)
    {
        writer.WriteNumber("questions", score.Count);
        writer.WriteNumber("passed", score.Passed);
        writer.WriteNumber("share", score.Share);
        writer.WriteNumber("ended", score.Ended);
    }
}
