using System.CommandLine;
using System.Text;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni chat</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var options = new GenerationOptions();
        var system = new Option<string?>("--system") { Description = "Instructions that precede the conversation." };
        var command = new Command(
            "chat",
            """
            Hold a conversation: a line is a message, and an empty line or the end of input ends it.

            Example:
              ayni chat --model FILE.gguf --system "Answer in verse."
            """)
        {
            system,
        };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var model = options.LoadModel(result, cancellationToken);
            using var draft = options.LoadDraft(result, cancellationToken);
            await using var engine = options.StartEngine(result, model, draft);
            var format = model.ChatFormat ?? new PlainChatFormat(model.Tokenizer);
            var messages = new List<ChatMessage>();
            if (result.GetValue(system) is { } instructions)
                messages.Add(new(ChatRole.System, instructions));

            while (ReadMessage() is { } text)
            {
                messages.Add(new(ChatRole.User, text));
                try
                {
                    var request = options.Request(result, ([.. EncodeWithinContext(format, messages, engine.ContextLength)], false));
                    request = request with { Stop = [.. request.Stop, .. format.StopTexts] };
                    messages.Add(new(ChatRole.Assistant, await AnswerAsync(engine, request, cancellationToken).ConfigureAwait(false)));
                }
                catch (ContextLengthExceededException error)
                {
                    messages.RemoveAt(messages.Count - 1);
                    Console.Error.WriteLine(error.Message);
                }
            }
            return 0;
        });
        return command;
    }

    /// <summary>
    /// The conversation's ids; the earliest exchanges are forgotten where they leave less than a quarter of the context for the answer.
    /// </summary>
    private static int[] EncodeWithinContext(ChatFormat format, List<ChatMessage> messages, int contextLength)
    {
        var ids = format.Encode(messages);
        var first = messages[0].Role == ChatRole.System ? 1 : 0;
        var forgotten = false;
        while (ids.Length > contextLength - contextLength / 4 && messages.Count - first > 2)
        {
            messages.RemoveRange(first, 2);
            ids = format.Encode(messages);
            forgotten = true;
        }
        if (forgotten)
            Console.Error.WriteLine("(The context is full: the earliest messages are forgotten.)");
        return ids;
    }

    private static string? ReadMessage()
    {
        if (!Console.IsInputRedirected)
            Console.Error.Write("> ");
        var line = Console.ReadLine();
        return string.IsNullOrWhiteSpace(line) ? null : line;
    }

    private static async Task<string> AnswerAsync(LlamaEngine engine, GenerationRequest request, CancellationToken cancellationToken)
    {
        var answer = new StringBuilder();
        var generation = engine.Submit(request, cancellationToken);
        await foreach (var token in generation.ReadTokensAsync(cancellationToken).ConfigureAwait(false))
        {
            answer.Append(token.Text);
            Console.Out.Write(TerminalText.Clean(token.Text));
            Console.Out.Flush();
        }
        Console.Out.WriteLine();
        return answer.ToString();
    }
}
