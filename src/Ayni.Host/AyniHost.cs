using System.Diagnostics.Metrics;
using System.Net;
using Ayni.Kernels;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>What a host serves once its model is loaded.</summary>
/// <param name="Model">The name clients call the model by.</param>
/// <param name="ContextLength">The longest prompt and answer together, in tokens.</param>
/// <param name="FirstKey">
/// The key issued by this start because there was none; its text is shown here and never again. Null at later starts.
/// </param>
public sealed record HostReady(string Model, int ContextLength, IssuedKey? FirstKey);

/// <summary>
/// A running host: an OpenAI-compatible server that joins one model and one ledger. It listens as soon as it is started and serves as
/// soon as its model is loaded. All members may be called from any thread.
/// </summary>
public sealed class AyniHost : IAsyncDisposable
{
    /// <summary>How long answers that were cut short may take to reach their clients.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly HostOptions _options;
    private readonly TimeProvider _clock;
    private readonly ServingState _state = new();
    private readonly CancellationTokenSource _loading = new();
    private readonly WebApplication _app;
    private readonly ILogger _logger;
    private readonly LicenceKeeper _licences;
    private readonly UserCounter _users;
    private readonly Lock _stopLock = new();
    private Task? _stopped;

    private AyniHost(HostOptions options, TimeProvider clock, Books books, Action<ILoggingBuilder>? configureLogging)
    {
        _options = options;
        _clock = clock;
        Books = books;
        _app = Build(configureLogging ?? LogToStandardError);
        _logger = _app.Services.GetRequiredService<ILogger<AyniHost>>();
        _licences = _app.Services.GetRequiredService<LicenceKeeper>();
        _users = _app.Services.GetRequiredService<UserCounter>();
        Route();
    }

    /// <summary>Where this machine reaches the host.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Ends when the model is served; fails if it can't be.</summary>
    public Task<HostReady> Ready { get; private set; } = null!;

    /// <summary>The engine, while a model is served.</summary>
    internal LlamaEngine? Engine => _state.Engine;

    /// <summary>What the host's HTTP API offers.</summary>
    internal OperationCatalog Operations { get; } = new();

    /// <summary>The routes that are open.</summary>
    internal ICollection<EndpointDataSource> Routes => ((IEndpointRouteBuilder)_app).DataSources;

    /// <summary>The ledger; open until the host is disposed.</summary>
    public Books Books { get; }

    /// <summary>
    /// Opens the ledger, listens, and begins to load the model. Throws <see cref="IOException"/> if the address is taken and
    /// <see cref="LedgerException"/> if the ledger can't be opened.
    /// </summary>
    /// <param name="options">What to serve, where, and within which bounds.</param>
    /// <param name="clock">What time it is.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static Task<AyniHost> StartAsync(HostOptions options, TimeProvider clock, CancellationToken cancellationToken = default) =>
        StartAsync(options, clock, LoadModel, null, cancellationToken);

    /// <summary>Starts with a loader and a log of the caller's choice.</summary>
    internal static async Task<AyniHost> StartAsync(
        HostOptions options,
        TimeProvider clock,
        Func<HostOptions, CancellationToken, LlamaModel> load,
        Action<ILoggingBuilder>? configureLogging,
        CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.DataDirectory);
        var books = Books.Open(options.LedgerPlace, clock, folder: options.DataDirectory);
        var host = new AyniHost(options, clock, books, configureLogging);
        try
        {
            KeyPolicy.Demand(options, books);
            await host._users.StartAsync(cancellationToken).ConfigureAwait(false);
            await host._app.StartAsync(cancellationToken).ConfigureAwait(false);
            host.Address = host.FindAddress();
            await host._app.Services.GetRequiredService<HostRun>().BeginAsync(host.Address, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        host._logger.Listening(host.Address, options.ModelPath);
        host._app.Services.GetRequiredService<LogPublisher>().Start();
        host.Ready = Task.Run(() => host.LoadAsync(load), CancellationToken.None);
        return host;
    }

    /// <summary>
    /// Stops: new requests get 503, those under way may finish within <see cref="HostOptions.DrainLimit"/>, then their answers end
    /// where they are. Every receipt is posted before the task ends. Calling it again waits for the first call.
    /// </summary>
    public Task StopAsync()
    {
        lock (_stopLock)
            return _stopped ??= StopOnceAsync();
    }

    /// <summary>Stops, then closes the ledger.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await Books.DisposeAsync().ConfigureAwait(false);
        _loading.Dispose();
        _state.Dispose();
    }

    private static LlamaModel LoadModel(HostOptions options, CancellationToken cancellationToken) =>
        LlamaModel.Load(options.ModelPath, options.Tier, options.Threads, options.PackCache, options.AdapterPath, null, cancellationToken);

    private async Task<HostReady> LoadAsync(Func<HostOptions, CancellationToken, LlamaModel> load)
    {
        var started = _clock.GetTimestamp();
        try
        {
            var served = OpenModel(load);
            IssuedKey? firstKey;
            try
            {
                foreach (var finding in _licences.Demand(served))
                    _logger.LicenceWarned(served.Name, served.Licence.Name!, finding.Rule, finding.Text);
                firstKey = await Registry.CompleteAsync(
                    Books.As("host"), served.Name, served.Description.OwnedBy, _options.StartingTerms,
                    IPAddress.IsLoopback(_options.ListenAddress), _logger, _clock.GetUtcNow(), _loading.Token).ConfigureAwait(false);
                await Books.RecordModelAsync(served.Name, served.Digest, _loading.Token).ConfigureAwait(false);
            }
            catch
            {
                await served.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            _state.Serve(served);
            _logger.Serving(served.Name, served.Engine.ContextLength, served.ChatFormat.Name, _clock.GetElapsedTime(started));
            return new(served.Name, served.Engine.ContextLength, firstKey);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            _state.Fail();
            // A bad file's message says all; only a defect needs its stack trace.
            var isExpected = error is LicenceRefusedException or ModelFormatException or DraftModelException or UnsupportedCacheTypeException
                or IOException or LedgerException;
            _logger.LoadingFailed(_options.ModelPath, error.Message, isExpected ? null : error);
            throw;
        }
    }

    private ServedModel OpenModel(Func<HostOptions, CancellationToken, LlamaModel> load)
    {
        var model = load(_options, _loading.Token);
        if (model.TierRefusal is { } refusal)
            _logger.TierRefused(refusal);
        if (model.PackCacheRefusal is { } cacheRefusal)
            _logger.PackCacheRefused(cacheRefusal);
        LlamaModel? draft = null;
        try
        {
            if (_options.DraftModelPath is { } path)
                draft = load(_options with { ModelPath = path }, _loading.Token);
            var created = new DateTimeOffset(File.GetLastWriteTimeUtc(_options.ModelPath));
            var meters = _app.Services.GetRequiredService<IMeterFactory>();
            var engine = new LlamaEngine(model, _options.Engine, _clock, draft, meters);
            return new(model, draft, engine, _licences.LicenceOf(model), ModelOwner.NameIn(model.Metadata), created);
        }
        catch
        {
            draft?.Dispose();
            model.Dispose();
            throw;
        }
    }

    private async Task StopOnceAsync()
    {
        _logger.Stopping(_options.DrainLimit);
        var idle = _state.StopAsync();
        await _loading.CancelAsync().ConfigureAwait(false);
        if (!await EndsWithinAsync(idle, _options.DrainLimit).ConfigureAwait(false))
        {
            _logger.CuttingShort(_options.DrainLimit);
            _state.CutShort();
            await EndsWithinAsync(idle, LastWords).ConfigureAwait(false);
        }

        // A connection whose client reads no more is broken off here; its request then ends, and its receipt is posted like any other.
        using var limit = new CancellationTokenSource(LastWords, _clock);
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
        await idle.ConfigureAwait(false);
        if (Ready is not null)
            await ((Task)Ready).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _state.DisposeModelAsync().ConfigureAwait(false);
        _logger.Stopped();
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit, _clock).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private WebApplication Build(Action<ILoggingBuilder> configureLogging)
    {
        // The empty builder reads no environment variable, file or command line: nothing but the options opens a door.
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = "ayni", EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = _options.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = null; // RequestBody keeps the limit, and answers in the API's shape.
            kestrel.Listen(_options.ListenAddress, _options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Logging.SetMinimumLevel(_options.LogLevel).AddFilter("Microsoft", LogLevel.Warning);
        // What it would say when a start fails, StartAsync throws.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        configureLogging(builder.Logging);
        builder.Services.AddRoutingCore().AddMetrics()
            .AddSingleton<IHostLifetime, CallerLifetime>()
            .AddSingleton(_options)
            .AddSingleton(_clock)
            .AddSingleton(Books)
            .AddSingleton(_state)
            .AddSingleton<HostAllowList>()
            .AddSingleton<LicenceKeeper>()
            .AddSingleton<UserCounter>()
            .AddSingleton<HostRun>()
            .AddSingleton<Meter>()
            .AddSingleton<ApiPipeline>()
            .AddSingleton<PrometheusListener>()
            .AddSingleton<HostMetrics>()
            .AddSingleton<HealthEndpoint>()
            .AddSingleton<LogEndpoint>()
            .AddSingleton<LogPublisher>()
            .AddSingleton<MetricsEndpoint>()
            .AddHostedService<WebhookSender>()
            .AddSingleton<ModelEndpoints>()
            .AddSingleton<CompletionEndpoints>();
        return builder.Build();
    }

    private void Route()
    {
        var services = _app.Services;
        _app.Use(next => context => services.GetRequiredService<ApiPipeline>().InvokeAsync(context, next));
        ServiceEndpoints.Map(
            Operations, services.GetRequiredService<CompletionEndpoints>(), services.GetRequiredService<ModelEndpoints>(),
            services.GetRequiredService<HealthEndpoint>(), services.GetRequiredService<MetricsEndpoint>(), services.GetRequiredService<LogEndpoint>());
        PartyEndpoints.Map(Operations);
        CustomerEndpoints.Map(Operations);
        TermEndpoints.Map(Operations);
        PricingEndpoints.Map(Operations);
        JournalEndpoints.Map(Operations);
        UsageEndpoints.Map(Operations);
        PeriodEndpoints.Map(Operations);
        ObjectionEndpoints.Map(Operations);
        LimitEndpoints.Map(Operations);
        BillingEndpoints.Map(Operations);
        InvoiceEndpoints.Map(Operations);
        AccountEndpoints.Map(Operations);
        DeductionEndpoints.Map(Operations);
        PaymentEndpoints.Map(Operations);
        PayoutEndpoints.Map(Operations);
        BankDetailEndpoints.Map(Operations);
        ApprovalEndpoints.Map(Operations);
        WebhookEndpoints.Map(Operations);
        LicenceEndpoints.Map(Operations, _state, _licences);
        Operations.Map(_app);
    }

    private Uri FindAddress()
    {
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var port = new Uri(addresses.First()).Port;
        var any = _options.ListenAddress.Equals(IPAddress.Any) || _options.ListenAddress.Equals(IPAddress.IPv6Any);
        var host = any ? IPAddress.Loopback.ToString() : _options.ListenAddress.ToString();
        return new UriBuilder(Uri.UriSchemeHttp, host, port).Uri;
    }

    private void LogToStandardError(ILoggingBuilder logging)
    {
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        // The round-trip format is the one that no culture changes.
        if (_options.JsonLogs)
            logging.AddJsonConsole(json => (json.TimestampFormat, json.UseUtcTimestamp) = ("O", true));
        else
            logging.AddSimpleConsole(simple => simple.SingleLine = true);
    }

    /// <summary>Leaves signals to the caller: a library must not take the console's Ctrl-C.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
