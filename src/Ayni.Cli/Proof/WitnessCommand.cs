using System.CommandLine;
using System.Text;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni witness</c>: watches another's log.</summary>
internal static class WitnessCommand
{
    public static Command Create()
    {
        var log = new Option<string>("--log") { Description = "The log: its address, or a folder.", HelpName = "URL|DIR", Required = true };
        var key = new Option<string>("--key") { Description = "The log's key.", HelpName = "KEY", Required = true };
        var state = new Option<string>("--state")
        {
            Description = "The folder of the witness's key and of what it has seen.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "ayni-witness",
        };
        var name = new Option<string>("--name") { Description = "What the witness is called, such as licensor.example/witness.", HelpName = "NAME", Required = true };
        var command = new Command(
            "witness",
            """
            Read a host's log, check that it contains everything seen of it before, remember it, and print its checkpoint cosigned. Fails, and signs
            nothing, if the log was rolled back or shows another history. Run it now and then; the host keeps the cosignature with 'ayni log cosign'.
            The witness's own key goes to standard error.

            Example:
              ayni witness --log https://host.example/log/ --key log.pub --name licensor.example/witness > cosigned.txt
            """)
        {
            log, key, state, name,
        };
        command.SetAction(result =>
        {
            using var source = LogSource.Open(result.GetValue(log)!);
            var witness = new Witness(result.GetValue(state)!, result.GetValue(name)!);
            var cosigned = witness.Cosign(source.Reader, VerifyCommand.ReadKey(result.GetValue(key)!), TimeProvider.System.GetUtcNow());
            Console.Error.WriteLine(witness.Key);
            Output.WriteText(writer => writer.Write(Encoding.UTF8.GetString(cosigned)));
            return 0;
        });
        return command;
    }
}
