using System.CommandLine;
using Ayni.Host;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Cli;

/// <summary><c>ayni tour</c>: everything once, from a question to everybody's statement.</summary>
internal static class TourCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var threads = ModelOption.Threads();
        var json = new Option<bool>("--json") { Description = "Print one JSON object at the end instead of the story." };
        var command = new Command(
            "tour",
            """
            See everything once, in a temporary folder that is deleted at the end: host a model, ask it two questions as two customers,
            let the month end, close it, and read everybody's statement. Fails if they don't add up to what was charged.

            Example:
              ayni tour --model FILE.gguf
            """)
        {
            model, threads, json,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var folder = Directory.CreateTempSubdirectory("ayni-tour-");
            try
            {
                var options = new HostOptions
                {
                    ModelPath = ModelOption.Find(result.GetValue(model)),
                    Tier = ModelOption.Tier(),
                    Threads = ModelOption.CheckThreads(result.GetValue(threads)),
                    DataDirectory = folder.FullName,
                    Port = 0,
                    Engine = new EngineOptions { MaxSequences = 1, CacheBytes = 0 },
                    StartingTerms = Tour.Terms,
                    LogLevel = LogLevel.Warning,
                };
                var isJson = result.GetValue(json);
                var console = isJson ? Terminal.None : Terminal.Console;
                var outcome = await Tour.RunAsync(options, console, cancellationToken).ConfigureAwait(false);
                if (isJson)
                    Output.WriteJson(outcome.WriteTo);
                return outcome is { AddsUp: true, Proofs: { AreProven: true, TamperingIsRefused: true } } ? 0 : 1;
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });
        return command;
    }
}
