using System.CommandLine;
using System.Globalization;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>A pulled model as it is shown.</summary>
internal sealed record PulledModel(string Name, long Bytes, string? License, DateTimeOffset Pulled, string Path)
{
    public static PulledModel From(StoredModel model) =>
        new(model.Reference.ToString(), model.Bytes, model.License, model.Pulled, model.Path);
}

/// <summary><c>ayni models</c>: lists what was pulled.</summary>
internal static class ModelsCommand
{
    public static Listing<PulledModel> Listing { get; } = new(
        CliJson.Default.PulledModel,
        new("name", model => model.Name),
        new("bytes", model => model.Bytes.ToString(CultureInfo.InvariantCulture), IsNumber: true),
        new("license", model => model.License),
        new("pulled", model => Cells.Instant(model.Pulled)),
        new("path", model => model.Path));

    public static Command Create()
    {
        var output = new OutputOptions();
        var command = new Command(
            "models",
            """
            List the models that were pulled, by the names that --model takes.

            Example:
              ayni models --json
            """);
        output.AddTo(command);
        command.SetAction(result =>
        {
            var store = ModelStore.OfUser();
            var (shown, models) = (output.Read(result), store.List());
            if (models.Count == 0 && shown.Format == OutputFormat.Table)
                Console.Error.WriteLine($"No model is in {store.Folder}; download one: ayni pull OWNER/NAME");
            else
                shown.Write(Listing, models.Select(PulledModel.From));
            return 0;
        });
        return command;
    }
}
