using System.CommandLine;
using System.Net;
using Ayni.Host;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>The options of <c>serve</c>: every bound of the host has one, with the host's own default.</summary>
internal sealed class ServeOptions
{
    private static readonly HostOptions Defaults = new() { ModelPath = "" };

    private readonly Option<string?> _model = ModelOption.Model();
    private readonly Option<string?> _adapter = ModelOption.Adapter();
    private readonly Option<string?> _draft = ModelOption.Draft();
    private readonly Option<string> _data = LedgerCommand.Data();
    private readonly Option<string?> _database = LedgerCommand.Database();
    private readonly Option<int> _threads = ModelOption.Threads();
    private readonly Option<string> _address = new("--address")
    {
        Description = "The address to listen on; 0.0.0.0 is every one of this machine's.",
        HelpName = "IP",
        DefaultValueFactory = _ => Defaults.ListenAddress.ToString(),
    };

    private readonly Option<string[]> _allowedHosts = new("--allowed-host")
    {
        Description = "A name that clients may call this host by, besides localhost and, beyond loopback, the machine's own; may be given several times.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _licence = LicenceCommand.Licence();
    private readonly Option<string?> _territory = new("--territory")
    {
        Description = "Where you are at home, as an ISO 3166 code or EU; some licences ask.",
        HelpName = "CODE",
    };

    private readonly Option<string?> _attribution = new("--attribution-at")
    {
        Description = "Where you show the line that the model's licence asks for, such as a page's address.",
        HelpName = "ADDRESS",
    };

    private readonly Option<int> _port = Number("--port", "The TCP port; 0 takes a free one.", Defaults.Port);
    private readonly Option<int?> _context = new("--context")
    {
        Description = "The longest prompt and answer together, in tokens; the model's own, up to 8192, if not given.",
        HelpName = "N",
    };
    private readonly Option<int> _maxTokens = Number(
        "--max-tokens", "The most tokens generated for a request that names no limit.", Defaults.DefaultMaxTokens);
    private readonly Option<int> _queue = Number("--queue", "How many requests may wait.", Defaults.Engine.QueueLimit);
    private readonly Option<int?> _perKey = new("--per-key")
    {
        Description = "How many requests of one key may wait and run together; any number if not given.",
        HelpName = "N",
    };

    private readonly Option<bool> _sharesPrefixes = new("--share-prefixes")
    {
        Description = "Let customers share what the cache holds of equal prompt beginnings; a hit's timing tells what others asked.",
    };

    private readonly Option<int> _sequences = Number(
        "--sequences", "How many answers are computed together.", Defaults.Engine.MaxSequences);
    private readonly Option<int> _cache = Number(
        "--cache", "Memory for keys and values, in MiB.", (int)(Defaults.Engine.CacheBytes >> 20), "MIB");
    private readonly Option<string> _cacheType = ModelOption.CacheType();
    private readonly Option<bool> _packCache = ModelOption.PackCache();
    private readonly Option<int> _body = Number(
        "--body-limit", "The largest request body, in KiB.", (int)(Defaults.BodyLimitBytes >> 10), "KIB");
    private readonly Option<int> _connections = Number("--connections", "How many connections may be open.", Defaults.MaxConnections);
    private readonly Option<int> _timeout = Number(
        "--timeout",
        "How long a request may take, waiting included, in seconds; its own \"timeout\" may shorten it.",
        (int)Defaults.Timeout.TotalSeconds,
        "SECONDS");
    private readonly Option<int> _drain = Number(
        "--drain", "How long running requests may go on after Ctrl-C, in seconds.", (int)Defaults.DrainLimit.TotalSeconds, "SECONDS");

    private readonly Option<bool> _privateWebhooks = new("--private-webhooks")
    {
        Description = "Send webhooks to private and local addresses too, and without TLS.",
    };

    private readonly Option<bool> _jsonLogs = new("--json-logs")
    {
        Description = "Write the log on standard error as JSON, a line an event.",
    };

    public void AddTo(Command command)
    {
        Option[] options =
        [
            _model, _adapter, _draft, _port, _data, _database, _address, _allowedHosts, _licence, _territory, _attribution, _threads, _context, _maxTokens, _queue, _perKey, _sequences,
            _cache, _cacheType, _packCache, _sharesPrefixes, _body, _connections, _timeout, _drain, _privateWebhooks, _jsonLogs,
        ];
        foreach (var option in options)
            command.Options.Add(option);
    }

    public HostOptions Read(ParseResult result) => new()
    {
        ModelPath = ModelOption.Find(result.GetValue(_model)),
        AdapterPath = ModelOption.FindAdapter(result.GetValue(_adapter)),
        DraftModelPath = result.GetValue(_draft) is { } draft ? ModelOption.Find(draft) : null,
        PackCache = result.GetValue(_packCache),
        DataDirectory = result.GetValue(_data)!,
        Database = result.GetValue(_database),
        ListenAddress = IPAddress.TryParse(result.GetValue(_address), out var address)
            ? address
            : throw new UsageException($"--address {result.GetValue(_address)}: expected an IP address, such as 127.0.0.1 or 0.0.0.0."),
        AllowedHosts = [.. result.GetValue(_allowedHosts) ?? []],
        Licence = result.GetValue(_licence),
        Territory = result.GetValue(_territory) is not { } territory || territory.Length == 2 && territory.All(char.IsAsciiLetter)
            ? result.GetValue(_territory)
            : throw new UsageException($"--territory {territory}: expected two letters, such as BR, or EU."),
        AttributionAt = result.GetValue(_attribution),
        Port = Within(result, _port, 0, IPEndPoint.MaxPort),
        Threads = ModelOption.CheckThreads(result.GetValue(_threads)),
        Tier = ModelOption.Tier(),
        DefaultMaxTokens = Within(result, _maxTokens, 1),
        BodyLimitBytes = (long)Within(result, _body, 1) << 10,
        MaxConnections = Within(result, _connections, 1),
        Timeout = TimeSpan.FromSeconds(Within(result, _timeout, 1, 86_400)),
        DrainLimit = TimeSpan.FromSeconds(Within(result, _drain, 0, 86_400)),
        SharesPrefixes = result.GetValue(_sharesPrefixes),
        PrivateWebhooks = result.GetValue(_privateWebhooks),
        JsonLogs = result.GetValue(_jsonLogs),
        Engine = new EngineOptions
        {
            ContextLength = result.GetValue(_context) is null ? null : Within(result, _context, 2, EngineOptions.LongestContext),
            QueueLimit = Within(result, _queue, 1),
            MaxPerOwner = result.GetValue(_perKey) is null ? null : Within(result, _perKey, 1),
            MaxSequences = Within(result, _sequences, 1, EngineOptions.MostSequences),
            CacheBytes = (long)Within(result, _cache, 0) << 20,
            CacheType = ModelOption.CheckCacheType(result.GetValue(_cacheType)!),
        },
    };

    private static Option<int> Number(string name, string description, int standard, string helpName = "N") =>
        new(name) { Description = description, HelpName = helpName, DefaultValueFactory = _ => standard };

    private static int Within<T>(ParseResult result, Option<T> option, int smallest, int largest = int.MaxValue)
    {
        var value = Convert.ToInt32(result.GetValue(option), System.Globalization.CultureInfo.InvariantCulture);
        return value >= smallest && value <= largest
            ? value
            : throw new UsageException(
                $"{option.Name} {value}: expected {smallest} {(largest == int.MaxValue ? "or more" : $"to {largest}")}.");
    }
}
