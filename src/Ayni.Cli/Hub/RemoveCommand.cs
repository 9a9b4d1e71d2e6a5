using System.CommandLine;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni rm</c>: deletes a pulled model.</summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "OWNER/NAME, with :QUANTIZATION or :FILE if there are several of it." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command(
            "rm",
            """
            Delete a model that was pulled.

            Example:
              ayni rm unsloth/Llama-3.2-1B-Instruct-GGUF:Q4_K_M
            """)
        {
            model, yes,
        };
        command.SetAction(result =>
        {
            var store = ModelStore.OfUser();
            var name = result.GetValue(model)!;
            var reference = HubNames.Parse(name);
            var models = store.Find(reference);
            if (models.Count == 0 && store.RemoveUnfinished(reference) is > 0 and var bytes)
            {
                Console.Error.WriteLine($"No model {name} was pulled to its end; the {bytes:N0} bytes kept for a next attempt are deleted.");
                return 0;
            }
            var found = models switch
            {
                [var only] => only,
                [] => throw new UsageException($"No model {name} was pulled; see ayni models."),
                var several => throw new UsageException(
                    $"{name} means several models; name one: {string.Join(" or ", several.Select(stored => stored.Reference))}."),
            };
            if (!result.GetValue(yes) && !Confirms(found))
                return 1;
            store.Remove(found);
            Console.Error.WriteLine($"{found.Reference} is deleted: {found.Bytes:N0} bytes.");
            return 0;
        });
        return command;
    }

    private static bool Confirms(StoredModel model)
    {
        if (Console.IsInputRedirected)
            throw new UsageException($"{model.Reference} would be deleted; say so with --yes.");
        Console.Error.Write($"Delete {model.Reference}, {model.Bytes:N0} bytes? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
