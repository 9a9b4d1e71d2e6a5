using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni run</c>: one prompt, one answer.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var options = new GenerationOptions();
        var prompt = new Argument<string?>("prompt") { Description = "The prompt; '-' reads standard input.", Arity = ArgumentArity.ZeroOrOne };
        var tokens = TokenIds.Option();
        var raw = new Option<bool>("--raw") { Description = "Feed the text as it is, without the model's chat format." };
        var system = new Option<string?>("--system") { Description = "Instructions that precede the prompt in the model's chat format." };
        var ignoreEnd = new Option<bool>("--ignore-eos") { Description = "Go on past the model's own end tokens, as --tokens always does." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of streaming text." };
        var command = new Command(
            "run",
            """
            Answer one prompt.

            Examples:
              ayni run --model FILE.gguf "Why is the sky blue?"
              ayni run --model FILE.gguf --raw "ROMEO:" --temperature 0 -n 100
              ayni run --model FILE.gguf --tokens 1 --temperature 0 -n 200 --json
            """)
        {
            prompt, tokens, raw, system, ignoreEnd, json,
        };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var watch = Stopwatch.StartNew();
            using var model = options.LoadModel(result, cancellationToken);
            using var draft = options.LoadDraft(result, cancellationToken);
            var loading = watch.Elapsed;
            var request = options.Request(result, PromptIds(result, model)) with
            {
                // Ids are fed to compare numbers, where an end token is a token like any other.
                IgnoreEndOfText = result.GetValue(ignoreEnd) || result.GetValue(tokens) is not null,
            };

            await using var engine = options.StartEngine(result, model, draft, request.Prompt.Length);
            var generation = engine.Submit(request, cancellationToken);
            if (result.GetValue(json))
                await WriteJsonAsync(request, generation, loading).ConfigureAwait(false);
            else
                await StreamAsync(generation).ConfigureAwait(false);
            return (await generation.Completion.ConfigureAwait(false)).Reason == FinishReason.Cancelled ? 130 : 0;
        });
        return command;

        (ImmutableArray<int> Ids, bool ContinuesText) PromptIds(ParseResult result, LlamaModel model)
        {
            var text = result.GetValue(prompt);
            if (result.GetValue(tokens) is { } ids)
            {
                if (text is not null)
                    throw new UsageException("Give a prompt or --tokens, not both.");
                var given = TokenIds.Parse(ids, model.Config.VocabularySize);
                // After BOS alone the answer is a text of its own; after anything else it goes on.
                return ([.. given], !model.HasTokenizer || given is not [var only] || only != model.Tokenizer.BeginOfText);
            }
            text = text switch
            {
                null => throw new UsageException("Give a prompt: ayni run --model FILE \"Why is the sky blue?\""),
                "-" => Console.In.ReadToEnd(),
                _ => text,
            };
            if (model.ChatFormat is null || result.GetValue(raw))
            {
                if (result.GetValue(system) is not null)
                    throw new UsageException("--system needs a chat format, and this run feeds the text as it is.");
                return ([.. model.EncodePrompt(text)], true);
            }
            ChatMessage[] messages = result.GetValue(system) is { } instructions
                ? [new(ChatRole.System, instructions), new(ChatRole.User, text)]
                : [new(ChatRole.User, text)];
            return ([.. model.ChatFormat.Encode(messages)], false);
        }
    }

    private static async Task StreamAsync(Generation generation)
    {
        await foreach (var token in generation.ReadTokensAsync().ConfigureAwait(false))
        {
            Console.Out.Write(TerminalText.Clean(token.Text));
            Console.Out.Flush();
        }
        Console.Out.WriteLine();
        var end = await generation.Completion.ConfigureAwait(false);
        Console.Error.WriteLine(
            $"{end.Usage.Prompt} prompt tokens at {end.PromptTokensPerSecond:F1}/s, {end.Usage.Generated} generated at {end.TokensPerSecond:F1} tokens/s");
    }

    private static async Task WriteJsonAsync(GenerationRequest request, Generation generation, TimeSpan loading)
    {
        var ids = new List<int>();
        var text = new StringBuilder();
        await foreach (var token in generation.ReadTokensAsync().ConfigureAwait(false))
        {
            ids.Add(token.Id);
            text.Append(token.Text);
        }
        var end = await generation.Completion.ConfigureAwait(false);
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, JsonLines.Writing))
        {
            writer.WriteStartObject();
            WriteIds(writer, "ids", ids);
            writer.WriteString("text", text.ToString());
            writer.WriteString("finish_reason", end.Reason.ToString().ToLowerInvariant());
            WriteIds(writer, "prompt_ids", request.Prompt);
            writer.WriteStartObject("timings");
            writer.WriteNumber("load_seconds", loading.TotalSeconds);
            writer.WriteNumber("prompt_tokens", end.Usage.Prompt);
            writer.WriteNumber("prompt_seconds", end.Prefill.TotalSeconds);
            writer.WriteNumber("prompt_tokens_per_second", end.PromptTokensPerSecond);
            writer.WriteNumber("generated_tokens", end.Usage.Generated);
            writer.WriteNumber("generated_seconds", end.Decode.TotalSeconds);
            writer.WriteNumber("tokens_per_second", end.TokensPerSecond);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    private static void WriteIds(Utf8JsonWriter writer, string name, IEnumerable<int> ids)
    {
        writer.WriteStartArray(name);
        foreach (var id in ids)
            writer.WriteNumberValue(id);
        writer.WriteEndArray();
    }
}
