using System.CommandLine;
using System.Globalization;
using Ayni.Bench;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var root = new RootCommand("Measures Ayni. RESULTS.md beside this program says what was measured, when and on what.")
{
    ProductsCommand.Create(),
    LedgerCommand.Create(),
    LogCommand.Create(),
    LoadCommand.Create(),
    MeteringCommand.Create(),
    SimulateCommand.Create(),
    TokenizersCommand.Create(),
    TextCommand.Create(),
    TrainingCommand.Create(),
};
return root.Parse(args).Invoke();
