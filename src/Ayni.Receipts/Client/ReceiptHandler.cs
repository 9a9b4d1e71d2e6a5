using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>
/// Sees to the receipt of every completion that a client asks an Ayni host for, streamed or not: fetches it, verifies it against the host's
/// key, holds it against what the answer says (request, model, tokens, charge), and sees that the key's receipts follow each other without
/// a gap. It stands in the pipeline of an <see cref="HttpClient"/>, OpenAI's own clients' among them. Thread-safe.
/// </summary>
/// <remarks>
/// Unless <see cref="Problem"/> is given, an answer, or the end of a streamed one, is passed on once its receipt was verified, and a
/// <see cref="ProofException"/> is thrown in its place otherwise. With <see cref="Problem"/> nothing waits and nothing is thrown. Receipts
/// that no answer brought, of requests that were given up or of others who use the key, are fetched and verified once no request is under
/// way.
/// </remarks>
public sealed class ReceiptHandler : DelegatingHandler
{
    private const int MostAnswerBytes = 16 << 20, MostPage = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(2);

    private readonly PublicKey _hostKey;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _beside = [];
    private int _underWay;

    /// <param name="hostKey">The key of the host's log, from somewhere trusted: <c>ayni prove key</c> prints it.</param>
    /// <param name="inner">What sends; without it, one that follows no redirections.</param>
    public ReceiptHandler(PublicKey hostKey, HttpMessageHandler? inner = null)
        : base(inner ?? new SocketsHttpHandler { AllowAutoRedirect = false }) => _hostKey = hostKey;

    /// <summary>The receipts so far. Give it those that were kept, so that the next ones are seen to follow them.</summary>
    public ReceiptChain Chain { get; init; } = new();

    /// <summary>Called with each verified receipt, by whatever thread; keep its JSON.</summary>
    public Action<VerifiedReceipt>? Verified { get; init; }

    /// <summary>Called with what is wrong, by whatever thread, instead of throwing it.</summary>
    public Action<ProofException>? Problem { get; init; }

    /// <summary>
    /// How long the host may take to answer with a receipt, and a receipt until it is signed: a host with an external signer has it sign every
    /// two seconds.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Waits until nothing is being verified beside answers that were passed on.</summary>
    public async Task WhenVerifiedAsync()
    {
        while (true)
        {
            Task[] beside;
            lock (_lock)
                beside = [.. _beside];
            if (beside.Length == 0)
                return;
            await Task.WhenAll(beside).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != HttpMethod.Post || request.RequestUri is not { } asked
            || !asked.AbsolutePath.EndsWith("/completions", StringComparison.Ordinal))
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        var source = new ReceiptSource(asked, request.Headers.Authorization, await ReadModelAsync(request.Content, cancellationToken).ConfigureAwait(false));
        var release = Begin();
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                response.Content = new ObservedContent(response.Content, (stream, token) => EndAsync(stream, source, release, token), release);
                return response;
            }
            await response.Content.LoadIntoBufferAsync(MostAnswerBytes, cancellationToken).ConfigureAwait(false);
            var said = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
            release();
            if (said.ReceiptId is not null || response.IsSuccessStatusCode)
                await SeeToAsync(said, source, cancellationToken).ConfigureAwait(false);
            return response;
        }
        catch
        {
            release();
            response?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        // Fetching a receipt has no other way, and a client that asks so waits anyhow.
        Task.Run(() => SendAsync(request, cancellationToken), cancellationToken).GetAwaiter().GetResult();

    /// <summary>The model that a request asks for; null if it does not say.</summary>
    private static async Task<string?> ReadModelAsync(HttpContent? content, CancellationToken cancellationToken)
    {
        if (content is null)
            return null;
        await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        return Announcement.Parse(await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false))?.Model;
    }

    private static async Task<Announcement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        var said = Announcement.Parse(bytes) ?? new();
        var named = response.Headers.TryGetValues("Ayni-Receipt", out var values) ? values.First() : null;
        return said with { ReceiptId = named ?? said.ReceiptId };
    }

    private Task EndAsync(AnswerScanner stream, ReceiptSource source, Action release, CancellationToken cancellationToken)
    {
        release();
        // Whoever reads an error is told that there is no answer; what it may have cost shows in the key's numbers.
        return stream is { HasFailed: true, Announced: null }
            ? Task.CompletedTask
            : SeeToAsync(stream.Announced ?? new(), source, cancellationToken);
    }

    /// <summary>Counts a request as under way. What it returns ends that, once.</summary>
    private Action Begin()
    {
        Interlocked.Increment(ref _underWay);
        var isOver = 0;
        return () =>
        {
            if (Interlocked.Exchange(ref isOver, 1) == 0)
                Interlocked.Decrement(ref _underWay);
        };
    }

    private Task SeeToAsync(Announcement said, ReceiptSource source, CancellationToken cancellationToken)
    {
        if (Problem is null)
            return VerifyAsync(said, source, cancellationToken);
        var beside = Task.Run(async () =>
        {
            try
            {
                await VerifyAsync(said, source, CancellationToken.None).ConfigureAwait(false);
            }
            catch (ProofException problem)
            {
                Problem(problem);
            }
        }, CancellationToken.None);
        lock (_lock)
            _beside.Add(beside);
        _ = beside.ContinueWith(
            ended =>
            {
                lock (_lock)
                    _beside.Remove(ended);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    private async Task VerifyAsync(Announcement said, ReceiptSource source, CancellationToken cancellationToken)
    {
        if (said.ReceiptId is not { } id)
            throw new ProofException(ProofCheck.Inclusion, "The answer names no receipt.");
        var receipt = await TakeAsync(id, source, Demand, cancellationToken).ConfigureAwait(false);
        foreach (var gap in Chain.Missing.Where(gap => gap.KeyId == receipt.KeyId && gap.MeterId is null))
        {
            if (Volatile.Read(ref _underWay) == 0)
                await CatchUpAsync(gap, source, cancellationToken).ConfigureAwait(false);
        }

        void Demand(Receipt found)
        {
            said.Demand(found);
            ProofChecks.All.Demand(
                ProofCheck.View, source.Model is null || source.Model == found.Model,
                $"The model '{source.Model}' was asked, and {found.Id} is of '{found.Model}'.");
        }
    }

    /// <summary>Fetches a receipt, verifies it and adds it to the chain.</summary>
    private async Task<Receipt> TakeAsync(string id, ReceiptSource source, Action<Receipt> demand, CancellationToken cancellationToken)
    {
        var receipt = VerifiedReceipt.Verify(await FetchSignedAsync(id, source, cancellationToken).ConfigureAwait(false), _hostKey);
        demand(receipt.Receipt);
        ProofChecks.All.Demand(
            ProofCheck.View, source.KeyId is null || source.KeyId == receipt.Receipt.KeyId, $"{id} is of another key, {receipt.Receipt.KeyId}.");
        Chain.Add(receipt);
        Verified?.Invoke(receipt);
        return receipt.Receipt;
    }

    /// <summary>
    /// Fetches the receipts that no answer brought. Throws <see cref="ProofException"/> if the host has none of a number.
    /// </summary>
    private async Task CatchUpAsync(MissingReceipts gap, ReceiptSource source, CancellationToken cancellationToken)
    {
        for (var next = gap.First; next <= gap.Last;)
        {
            var page = ProofFormat.ParseObject(
                await FetchAsync(source.ListAfter(gap.KeyId, next - 1, MostPage), source, cancellationToken).ConfigureAwait(false), "list of receipts");
            var found = page.Field("data", JsonValueKind.Array).EnumerateArray()
                .ToLookup(item => item.NumberField("key_number"), item => item.TextField("id"));
            var from = next;
            for (; next <= gap.Last && found[next].FirstOrDefault() is { } id; next++)
            {
                var number = next;
                await TakeAsync(id, source, receipt => Same(receipt, number), cancellationToken).ConfigureAwait(false);
            }
            ProofChecks.All.Demand(
                ProofCheck.KeyNumbers, next > from,
                $"Receipt {next} of {gap.KeyId} is missing: no answer brought it, and the host has none.");
        }

        void Same(Receipt receipt, long number) => ProofChecks.All.Demand(
            ProofCheck.KeyNumbers, receipt.KeyNumber == number && receipt.KeyId == gap.KeyId, $"{receipt.Id} is not receipt {number} of {gap.KeyId}.");
    }

    /// <summary>Fetches a receipt until it has a signature.</summary>
    private async Task<byte[]> FetchSignedAsync(string id, ReceiptSource source, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause + pause < LongestPause ? pause + pause : LongestPause)
        {
            var json = await FetchAsync(source.Receipt(id), source, cancellationToken).ConfigureAwait(false);
            if (ProofFormat.ParseObject(json, "receipt").OptionalField("proof") is not null)
                return json;
            ProofChecks.All.Demand(
                ProofCheck.Signature, TimeProvider.System.GetElapsedTime(began) < Patience,
                $"The host has not signed {id} within {Patience.TotalSeconds:0} s.");
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<byte[]> FetchAsync(Uri address, ReceiptSource source, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = source.Authorization;
        // An HttpClient's own time limit does not reach here.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            using var response = await base.SendAsync(request, deadline.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new ProofException(ProofCheck.Inclusion, $"The host answers {(int)response.StatusCode} to GET {address.AbsolutePath}.");
            await response.Content.LoadIntoBufferAsync(ProofFormat.MostBytes, deadline.Token).ConfigureAwait(false);
            return await response.Content.ReadAsByteArrayAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new ProofException(ProofCheck.Inclusion, $"GET {address.AbsolutePath} fails ({error.Message}).");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProofException(ProofCheck.Inclusion, $"GET {address.AbsolutePath} has no answer within {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>Where the receipts of a request are, as whom they are fetched, and which model was asked.</summary>
    private sealed class ReceiptSource(Uri asked, AuthenticationHeaderValue? authorization, string? model)
    {
        public string? Model => model;

        // A host may be behind a path of a proxy's.
        private readonly string _api = asked.AbsoluteUri[..(asked.AbsoluteUri.LastIndexOf("/v1/", StringComparison.Ordinal) is >= 0 and var end
            ? end
            : asked.AbsoluteUri.IndexOf(asked.AbsolutePath, StringComparison.Ordinal))] + "/api/receipts";

        public AuthenticationHeaderValue? Authorization => authorization;

        /// <summary>The key's id, which its text holds; null if the request has none of a host.</summary>
        public string? KeyId => authorization is { Scheme: "Bearer", Parameter: { } text } && text.Split('_') is ["ayni", var id, _] ? "key_" + id : null;

        public Uri Receipt(string id) => new($"{_api}/{Uri.EscapeDataString(id)}");

        public Uri ListAfter(string keyId, long after, int limit) =>
            new(string.Create(CultureInfo.InvariantCulture, $"{_api}?key={Uri.EscapeDataString(keyId)}&after={after}&limit={limit}"));
    }
}
