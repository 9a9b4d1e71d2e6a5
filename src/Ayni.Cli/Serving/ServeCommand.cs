using System.CommandLine;
using System.Net.Sockets;
using Ayni.Host;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni serve</c>: the host.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var options = new ServeOptions();
        var readyJson = new Option<bool>("--ready-json")
        {
            Description = "Print one line of JSON once it serves: {\"url\", \"key\", \"model\"}; the key is null if none was issued.",
        };
        var newKey = new Option<bool>("--new-key")
        {
            Description = "Issue a new key of the first customer, for whom the first start issued one.",
        };
        var command = new Command(
            "serve",
            """
            Serve a model to OpenAI clients, meter it and record what it earns. The first start issues an API key and prints it.
            Later starts can't show it again; scripts that have lost it take --new-key.
            Ctrl-C ends it: running requests may finish; a second Ctrl-C doesn't wait.

            Examples:
              ayni serve --model FILE.gguf
              ayni serve --model FILE.gguf --port 0 --data ayni-data --ready-json
            """)
        {
            readyJson, newKey,
        };
        options.AddTo(command);
        // Not an asynchronous action: System.CommandLine would end one two seconds after Ctrl-C, and running requests may need longer.
        command.SetAction(
            result => RunAsync(options.Read(result), result.GetValue(readyJson), result.GetValue(newKey)).GetAwaiter().GetResult());
        return command;
    }

    private static async Task<int> RunAsync(HostOptions options, bool readyJson, bool newKey)
    {
        using var stop = new StopSignal();
        await using var host = await StartAsync(options).ConfigureAwait(false);
        if (await Task.WhenAny(host.Ready, stop.Asked).ConfigureAwait(false) == host.Ready)
        {
            var ready = await host.Ready.ConfigureAwait(false);
            var key = ready.FirstKey ?? (newKey ? await IssueKeyAsync(host.Books).ConfigureAwait(false) : null);
            var message = ReadyMessage.Of(host, ready, key);
            if (readyJson)
                message.WriteJson();
            else
                message.Write(Console.Out, host.Books);
            await stop.Asked.ConfigureAwait(false);
        }
        return 0;
    }

    private static async Task<AyniHost> StartAsync(HostOptions options)
    {
        try
        {
            Directory.CreateDirectory(options.DataDirectory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"The data folder {options.DataDirectory} can't be made ({error.Message}) Name another with --data DIR.");
        }
        try
        {
            return await AyniHost.StartAsync(options, TimeProvider.System).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new UsageException(
                $"Can't listen on {options.ListenAddress} port {options.Port} ({error.GetBaseException().Message}). "
                + "Name another with --port N, where 0 takes a free one, or --address IP.");
        }
    }

    private static async Task<IssuedKey> IssueKeyAsync(Books books)
    {
        var customer = books.ListCustomers().FirstOrDefault(customer => customer.Revoked is null)
            ?? throw new UsageException("No customer is there to issue a key to; make one with: ayni customer create NAME");
        return await books.IssueKeyAsync(customer.Id, "serve --new-key").ConfigureAwait(false);
    }
}
