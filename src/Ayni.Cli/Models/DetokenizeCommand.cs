using System.CommandLine;
using System.Text.Json;

namespace Ayni.Cli;

/// <summary><c>ayni detokenize</c>: lines of token ids to lines of texts.</summary>
internal static class DetokenizeCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        model.Description = "A GGUF file, a model's folder, or a bare tokenizer file (tokenizer.model, .tiktoken).";
        var skipSpecial = new Option<bool>("--skip-special") { Description = "Leave special tokens out of the text." };
        var command = new Command("detokenize", "Turn lines of {\"ids\": [...]} into lines of {\"text\": \"...\"}.") { model, skipSpecial };
        command.SetAction((result, cancellationToken) =>
        {
            var tokenizer = ModelOption.OpenTokenizer(result.GetValue(model));
            var skip = result.GetValue(skipSpecial);
            JsonLines.Answer(
                (line, writer) =>
                {
                    int[] ids = [.. JsonLines.Property(line, "ids", JsonValueKind.Array).EnumerateArray().Select(id => id.GetInt32())];
                    writer.WriteString("text", tokenizer.Decode(ids, skip));
                },
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }
}
