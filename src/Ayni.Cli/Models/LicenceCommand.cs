using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni licence</c>: what a model's licence asks, in plain words.</summary>
internal static class LicenceCommand
{
    private const int Width = 100;

    /// <summary><c>--licence NAME</c>.</summary>
    public static Option<string?> Licence() => new("--licence")
    {
        Description = "The licence the model is under, where you know better than its file: "
            + $"{string.Join(", ", Llama.Licence.All.Select(licence => licence.Id))}, or any other's name.",
        HelpName = "NAME",
    };

    public static Command Create()
    {
        var model = new Argument<string?>("model") { Description = "A model, as for --model of other commands.", Arity = ArgumentArity.ZeroOrOne };
        var licence = Licence();
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command(
            "licence",
            """
            Show which licence a model is under, by its file's word or yours, and what that licence asks, in plain words. Ayni knows the licences
            of Llama 1 to 4. 'ayni serve' checks what a program can check; GET /api/licence shows how each clause stands.
            The licence's own text governs, and this is no legal advice.

            Examples:
              ayni licence Llama-3.1-8B.gguf
              ayni licence model.gguf --licence llama2
            """)
        {
            model, licence, json,
        };
        command.SetAction(result =>
        {
            using var source = ModelSource.Open(ModelOption.Find(result.GetValue(model)));
            var found = ModelLicence.Of(source.Metadata);
            if (result.GetValue(licence) is { } stated)
                found = found.As(stated);
            if (result.GetValue(json))
                Output.WriteJson(writer => WriteJson(writer, source.Name, found));
            else
                Output.WriteText(writer => Write(writer, source.Name, found));
            return 0;
        });
        return command;
    }

    private static void Write(TextWriter writer, string model, ModelLicence licence)
    {
        if (licence.Terms is not { } terms)
        {
            writer.WriteLine(TerminalText.Clean(licence.Name is { } name
                ? $"{model} is under '{name}' ({licence.Evidence}), which is none of Llama's licences; Ayni knows nothing more of it."
                : $"Nothing says which licence {model} is under ({licence.Evidence}). If you know, state it with --licence NAME."));
            return;
        }
        writer.WriteLine(TerminalText.Clean($"{model} is under the {terms.Name} ({licence.Evidence})."));
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Released {terms.Released:yyyy-MM-dd}; its text: {terms.Address}"));
        foreach (var clause in terms.Clauses)
        {
            writer.WriteLine();
            writer.WriteLine($"{clause.Number}  {Title(clause.Rule)}");
            var applies = clause.Rule != LicenceRule.Territory || licence.IsMultimodal;
            foreach (var line in Wrap(clause.Text + (applies ? "" : " This model is none of the multimodal ones.")))
                writer.WriteLine($"  {line}");
            if (clause.Value is { } value && clause.Rule != LicenceRule.MonthlyUsers)
                writer.WriteLine($"  → {value}");
        }
        writer.WriteLine();
        writer.WriteLine("These are our words; the licence's own text governs. This is no legal advice.");
    }

    private static string Title(LicenceRule rule) => rule switch
    {
        LicenceRule.ResearchOnly => "Research only",
        LicenceRule.NoTrainingOfOthers => "No training of other models",
        LicenceRule.Attribution => "Attribution",
        LicenceRule.Naming => "Names of models made with it",
        LicenceRule.Copy => "A copy of the licence",
        LicenceRule.Notice => "Notice",
        LicenceRule.AcceptableUse => "Acceptable use",
        LicenceRule.Territory => "Multimodal models and the European Union",
        LicenceRule.MonthlyUsers => "700 million monthly users",
        _ => throw new ArgumentOutOfRangeException(nameof(rule)),
    };

    private static IEnumerable<string> Wrap(string text)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                yield return line;
                line = "";
            }
            line = line.Length == 0 ? word : $"{line} {word}";
        }
        yield return line;
    }

    private static void WriteJson(Utf8JsonWriter writer, string model, ModelLicence licence)
    {
        writer.WriteStartObject();
        writer.WriteString("model", model);
        writer.WriteString("licence", licence.Name);
        writer.WriteString("name", licence.Terms?.Name);
        writer.WriteString("address", licence.Terms?.Address.AbsoluteUri);
        writer.WriteString("evidence", licence.Evidence);
        writer.WriteBoolean("multimodal", licence.IsMultimodal);
        writer.WriteStartArray("clauses");
        foreach (var clause in licence.Terms?.Clauses ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("number", clause.Number);
            writer.WriteString("rule", JsonNamingPolicy.SnakeCaseLower.ConvertName(clause.Rule.ToString()));
            writer.WriteString("text", clause.Text);
            writer.WriteString("value", clause.Value);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
