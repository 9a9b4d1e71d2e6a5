using System.CommandLine;
using Ayni.Host;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>
/// Makes the commands that work on a ledger, whether or not a host runs on it: each opens the same data folder and shows what it did alike.
/// </summary>
internal static class LedgerCommand
{
    /// <summary><c>--data DIR</c>.</summary>
    public static Option<string> Data() => new("--data")
    {
        Description = "The folder of the ledger.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "ayni-data",
    };

    /// <summary><c>--database ADDRESS</c>.</summary>
    public static Option<string?> Database() => new("--database")
    {
        Description = "A PostgreSQL database that holds the ledger instead of a file in --data: postgres://USER@HOST:PORT/DATABASE. "
            + "Its password is best left to PGPASSWORD or PGPASSFILE.",
        HelpName = "ADDRESS",
    };

    /// <summary>A command on a ledger that must be there.</summary>
    public static Command Create(
        string name, string description, IEnumerable<Symbol> symbols, Func<Books, ParseResult, Output, CancellationToken, Task> run) =>
        Create(name, description, symbols, mayCreate: false, run);

    /// <summary>
    /// A command that makes the ledger if it is not there, and may prepare its folder before it is opened.
    /// </summary>
    public static Command CreateFirst(
        string name, string description, IEnumerable<Symbol> symbols, Func<Books, ParseResult, Output, CancellationToken, Task> run,
        Func<string, ParseResult, SigningHost?>? prepare = null) =>
        Create(name, description, symbols, mayCreate: true, run, prepare);

    private static Command Create(
        string name, string description, IEnumerable<Symbol> symbols, bool mayCreate,
        Func<Books, ParseResult, Output, CancellationToken, Task> run, Func<string, ParseResult, SigningHost?>? prepare = null)
    {
        var data = Data();
        var database = Database();
        var format = new OutputOptions();
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }
        command.Options.Add(data);
        command.Options.Add(database);
        format.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var output = format.Read(result);
            var host = prepare?.Invoke(result.GetValue(data)!, result);
            await using var books = Open(result.GetValue(data)!, result.GetValue(database), mayCreate, host);
            await run(As(books), result, output, cancellationToken).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    /// <summary>
    /// The ledger as the key in <c>AYNI_KEY</c> uses it, so that maker and approver can be told apart on one machine; as the console where
    /// it is not set. Whoever can read the ledger's files can do without: the log of actions then says console.
    /// </summary>
    private static Books As(Books books)
    {
        if (Environment.GetEnvironmentVariable("AYNI_KEY") is not { Length: > 0 } text)
            return books;
        return books.Authenticate(text) is { Role: KeyRole.Operator or KeyRole.Finance } key
            ? books.As(key.Id)
            : throw new UsageException("AYNI_KEY holds no operator's and no finance's key of this ledger; give one, or leave it out.");
    }

    private static Books Open(string folder, string? database, bool mayCreate, SigningHost? host)
    {
        var place = new HostOptions { ModelPath = "", DataDirectory = folder, Database = database }.LedgerPlace;
        if (!mayCreate && !Books.Exists(place))
            throw new UsageException(
                $"There is no ledger in {(database is null ? folder : "the database")}; name its folder with --data DIR or its server with "
                + "--database ADDRESS. 'ayni serve' makes one.");
        return Books.Open(place, TimeProvider.System, folder: folder, host: host);
    }
}
