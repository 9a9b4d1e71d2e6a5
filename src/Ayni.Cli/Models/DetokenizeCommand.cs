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
        var command = new Command("detokenize", "Turn token ids into text: lines of {\"ids\": [...]} into lines of {\"text\": \"...\"}.") { model, skipSpecial };
        command.SetAction((result, cancellationToken) =>
        {
            var tokenizer = ModelOption.OpenTokenizer(result.GetValue(model));
            var skip = result.GetValue(skipSpecial);
            JsonLines.Answer(
                (line, writer) =>
                {
                    var elements = JsonLines.Property(line, "ids", JsonValueKind.Array);
                    var ids = new int[elements.GetArrayLength()];
                    for (var i = 0; i < ids.Length; i++)
                    {
                        if (elements[i].ValueKind != JsonValueKind.Number || !elements[i].TryGetInt32(out ids[i])
                            || ids[i] < 0 || ids[i] >= tokenizer.VocabularySize)
                        {
                            throw new FormatException(
                                $"ids[{i}] is {elements[i].GetRawText()}; expected an id of this vocabulary (0 to {tokenizer.VocabularySize - 1}).");
                        }
                    }
                    writer.WriteString("text", tokenizer.Decode(ids, skip));
                },
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }
}
