using System.CommandLine;
using Ayni.Cli;

var root = new RootCommand("Ayni runs and hosts Llama models, and shares what they earn among everyone who made them.")
{
    RunCommand.Create(),
    ChatCommand.Create(),
    InspectCommand.Create(),
    TokenizeCommand.Create(),
    DetokenizeCommand.Create(),
    LogitsCommand.Create(),
};
return await CommandLine.InvokeAsync(root, args).ConfigureAwait(false);
