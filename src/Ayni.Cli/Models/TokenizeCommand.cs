using System.CommandLine;
using System.Text.Json;

namespace Ayni.Cli;

/// <summary><c>ayni tokenize</c>: lines of texts to lines of token ids.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        model.Description = "A GGUF file, a model's folder, or a bare tokenizer file (tokenizer.model, .tiktoken).";
        var special = new Option<bool>("--special") { Description = "Turn the texts of special tokens into their ids." };
        var command = new Command("tokenize", "Turn text into token ids: lines of {\"text\": \"...\"} into lines of {\"ids\": [...]}, without BOS or EOS.")
        {
            model,
            special,
        };
        command.SetAction((result, cancellationToken) =>
        {
            var tokenizer = ModelOption.OpenTokenizer(result.GetValue(model));
            var isSpecial = result.GetValue(special);
            var ids = new List<int>();
            JsonLines.Answer(
                (line, writer) =>
                {
                    ids.Clear();
                    tokenizer.Encode(JsonLines.Text(JsonLines.Property(line, "text", JsonValueKind.String)), ids, isSpecial);
                    writer.WriteStartArray("ids");
                    foreach (var id in ids)
                        writer.WriteNumberValue(id);
                    writer.WriteEndArray();
                },
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }
}
