using System.CommandLine;
using Ayni.Cli;

var root = new RootCommand("Ayni runs and hosts Llama models, and shares what they earn among everyone who made them.")
{
    TourCommand.Create(),
    ServeCommand.Create(),
    RunCommand.Create(),
    ChatCommand.Create(),
    InspectCommand.Create(),
    LicenceCommand.Create(),
    TokenizeCommand.Create(),
    DetokenizeCommand.Create(),
    TokenizerCommand.Create(),
    LogitsCommand.Create(),
    TrainCommand.CreateTrain(),
    TrainCommand.CreateTune(),
    ProvenanceCommands.Create(),
    GradientsCommand.Create(),
    PerplexityCommand.Create(),
    EvalCommand.Create(),
    BenchCommand.Create(),
    ImportanceMatrixCommand.Create(),
    QuantizeCommand.Create(),
    SynthCommand.Create(),
    PullCommand.Create(),
    ModelsCommand.Create(),
    RemoveCommand.Create(),
    ConvertCommand.Create(),
    LedgerCommands.Create(),
    PartyCommands.Create(),
    CustomerCommands.Create(),
    AppCommands.Create(),
    KeyCommands.Create(),
    PriceCommands.Create(),
    AgreementCommands.Create(),
    PeriodCommands.Create(),
};
return await CommandLine.InvokeAsync(root, args).ConfigureAwait(false);
