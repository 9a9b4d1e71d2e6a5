using System.Collections.Immutable;
using System.Net;
using Ayni.Kernels;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>What a host serves, where, and within which bounds.</summary>
public sealed record HostOptions
{
    /// <summary>The model file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>A folder with an adapter of the model in PEFT's form; null for none.</summary>
    public string? AdapterPath { get; init; }

    /// <summary>A smaller model of the same vocabulary that drafts what the served one checks; null for none.</summary>
    public string? DraftModelPath { get; init; }

    /// <summary>Whether packed weights are kept beside the models, so that later starts map them.</summary>
    public bool PackCache { get; init; }

    /// <summary>The folder of the host's files, the ledger's SQLite file among them; created where it is missing.</summary>
    public string DataDirectory { get; init; } = "ayni-data";

    /// <summary>
    /// The address of a PostgreSQL database that holds the ledger, <c>postgres://USER@HOST:PORT/DATABASE</c> or Npgsql's <c>Host=…</c>;
    /// null for the SQLite file in <see cref="DataDirectory"/>. Several hosts may share either.
    /// </summary>
    public string? Database { get; init; }

    /// <summary>The licence the model is under, where the operator knows better than its file; null to take the file's word.</summary>
    public string? Licence { get; init; }

    /// <summary>The ISO 3166 code of the operator's home or principal place of business, or EU; null if it does not say.</summary>
    public string? Territory { get; init; }

    /// <summary>Where the line that the model's licence asks for is shown; null if the operator does not say.</summary>
    public string? AttributionAt { get; init; }

    /// <summary>The address to listen on. Only this machine reaches the default.</summary>
    public IPAddress ListenAddress { get; init; } = IPAddress.Loopback;

    /// <summary>The TCP port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>
    /// Names besides <c>localhost</c>, the loopback addresses and, where others reach the host, the machine's name and every address, that
    /// a request's Host header may hold. All others are refused, since a web page could otherwise reach the host by a name that resolves
    /// here (DNS rebinding).
    /// </summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>The largest request body, in bytes; a larger one gets 413.</summary>
    public long BodyLimitBytes { get; init; } = 4 << 20;

    /// <summary>How many connections may be open; one more is closed at once.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>The most tokens generated for a request that names no limit.</summary>
    public int DefaultMaxTokens { get; init; } = 512;

    /// <summary>
    /// How long a request may take from its arrival to its end, waiting included; then its answer ends where it is. At most a day. A
    /// request's own <c>timeout</c> may shorten it.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long running requests may go on after <see cref="AyniHost.StopAsync"/>; then their answers end where they are.
    /// </summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The engine's bounds: context, queue, sequences.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>
    /// Whether prompts that begin alike share cache blocks across customers, too, and not only within one: faster, but a hit's timing tells
    /// what others asked.
    /// </summary>
    public bool SharesPrefixes { get; init; }

    /// <summary>The arithmetic tier.</summary>
    public KernelTier Tier { get; init; } = ComputeContext.BestTier;

    /// <summary>Threads that compute; 0 takes one a core.</summary>
    public int Threads { get; init; }

    /// <summary>What a model costs and who shares in it where the ledger says nothing about it yet.</summary>
    public StartingTerms StartingTerms { get; init; } = new();

    /// <summary>
    /// Whether webhooks may lead to private and local addresses and go without TLS. Otherwise an endpoint could make the host speak to
    /// machines that only it reaches.
    /// </summary>
    public bool PrivateWebhooks { get; init; }

    /// <summary>The least that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether the log on standard error is written as JSON, a line an event.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>Where the ledger is: <see cref="Database"/> or the file.</summary>
    public string LedgerPlace => Database ?? Path.Combine(DataDirectory, "ledger.db");
}

/// <summary>
/// The price and the shares entered for a model that has none. The operator changes them at any time; these only make a first start
/// work.
/// </summary>
public sealed record StartingTerms
{
    private static readonly Currency Dollar = Currency.Parse("USD");

    /// <summary>What a million prompt tokens cost, and with it the currency of all of them.</summary>
    public Amount InputPerMillion { get; init; } = Amount.Parse("0.10", Dollar);

    /// <summary>What a million generated tokens cost.</summary>
    public Amount OutputPerMillion { get; init; } = Amount.Parse("0.40", Dollar);

    /// <summary>
    /// The host's share, in parts of a million. A first start binds nobody else: whoever is to share accepts that first, also the model's
    /// owner.
    /// </summary>
    public int HostParts { get; init; } = 700_000;

    /// <summary>The app developer's share, in parts of a million; the host's where a request comes from no app.</summary>
    public int DeveloperParts { get; init; } = 300_000;
}
