using System.Collections.Immutable;
using System.Text;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary><c>POST /v1/chat/completions</c> and <c>POST /v1/completions</c>, streamed or not: one path, whose shape differs.</summary>
internal sealed class CompletionEndpoints(
    HostOptions options, ServingState state, Books books, Meter meter, HostRun hostRun, LicenceKeeper licences, UserCounter users, TimeProvider clock, ILogger<CompletionEndpoints> logger) : IDisposable
{
    /// <summary>Runs the request's generation to its end, handing on each token.</summary>
    private delegate Task<MeteredResult> RunGeneration(Func<int, GeneratedToken, ValueTask> deliver);

    // A long conversation takes a core for a second to read and encode: as many at a time as there are cores.
    private readonly SemaphoreSlim _encoding = new(Environment.ProcessorCount);

    public void Dispose() => _encoding.Dispose();

    public Task ChatAsync(HttpContext context) => HandleAsync(context, CompletionShape.Chat);

    public Task TextAsync(HttpContext context) => HandleAsync(context, CompletionShape.Text);

    private async Task HandleAsync(HttpContext context, CompletionShape shape)
    {
        using var lease = state.Enter();
        var key = books.Authenticate(context.Request, KeyRole.Customer);
        using var deadline = new Deadline(options.Timeout, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, deadline.Token);
        var body = await ReadBodyAsync(context.Request, deadline, ended.Token).ConfigureAwait(false);
        var model = lease.Model;
        var (request, prompt) = await EncodeAsync(body, shape, model, deadline, ended.Token).ConfigureAwait(false);
        licences.DemandFree(model);
        users.Note(key.CustomerId, request.User);
        var generation = new GenerationRequest
        {
            Prompt = prompt,
            MaxTokens = Math.Min(request.MaxTokens ?? options.DefaultMaxTokens, model.Engine.ContextLength),
            Sampling = request.Sampling,
            Stop = request.Input is CompletionInput.Conversation ? [.. request.Stop, .. model.ChatFormat.StopTexts] : request.Stop,
            ContinuesText = request.Input is not CompletionInput.Conversation,
            Owner = key.Id,
            CacheShare = options.SharesPrefixes ? "" : key.CustomerId,
        };
        var created = clock.GetUtcNow().ToUnixTimeSeconds();
        var idempotent = IdempotentCall.Of(context, key, body.Span, created, model.Fingerprint);
        var answer = new Answer(shape, RequestId.Of(context), created, model.Name, model.Fingerprint);
        Task<MeteredResult> RunAsync(Func<int, GeneratedToken, ValueTask> deliver) =>
            RunMeteredAsync(context, key, model, generation, request, deadline, idempotent, deliver);
        if (idempotent is not null)
            await AnswerOnceAsync(context, shape, answer, request, deadline, idempotent, RunAsync).ConfigureAwait(false);
        else
            await AnswerAsync(context, answer, request, RunAsync).ConfigureAwait(false);
    }

    private Task AnswerAsync(HttpContext context, Answer answer, CompletionRequest request, RunGeneration run) =>
        request.Stream ? StreamAsync(context, answer, request, run) : AnswerWholeAsync(context, answer, request, run);

    /// <summary>Answers a request that its client named: now, or with the answer it had before, whole or streamed as it was.</summary>
    private async Task AnswerOnceAsync(
        HttpContext context, CompletionShape shape, Answer answer, CompletionRequest request, Deadline deadline, IdempotentCall idempotent,
        RunGeneration run)
    {
        var requestId = RequestId.Of(context);
        var status = await books.BeginIdempotentAsync(idempotent.Request, requestId, hostRun.Lease).ConfigureAwait(false);
        if (status.State == IdempotencyState.Answered)
        {
            var (receipt, kept) = (status.Receipt!, idempotent.Open(status.Receipt!.RequestId, status.Content!));
            context.Response.Headers["Idempotent-Replayed"] = "true";
            var again = new Answer(shape, receipt.RequestId, kept.Created, receipt.Model, kept.Fingerprint);
            await AnswerAsync(context, again, request, deliver => ReplayAsync(context, kept, receipt, deadline, deliver)).ConfigureAwait(false);
            return;
        }
        if (status.State != IdempotencyState.Begun)
            throw ApiException.Idempotency(status);
        try
        {
            await AnswerAsync(context, answer, request, run).ConfigureAwait(false);
        }
        finally
        {
            if (!idempotent.IsPosted)
                await AbandonAsync(idempotent.Request, requestId).ConfigureAwait(false);
        }
    }

    private static async Task<MeteredResult> ReplayAsync(
        HttpContext context, KeptContent kept, Receipt receipt, Deadline deadline, Func<int, GeneratedToken, ValueTask> deliver)
    {
        foreach (var part in kept.Parts)
            await deliver(part.Index, new(0, part.Text)).ConfigureAwait(false);
        return Presentable(context, kept.ToMetered(receipt), deadline);
    }

    private async Task AbandonAsync(IdempotentRequest request, string requestId)
    {
        try
        {
            await books.AbandonIdempotentAsync(request, requestId).ConfigureAwait(false);
        }
        catch (LedgerException error)
        {
            // It may be sent again once this host's lease has run out.
            logger.VoidingFailed(requestId, error);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, Deadline deadline, CancellationToken ended)
    {
        try
        {
            return await RequestBody.ReadAsync(request, options.BodyLimitBytes, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            throw ApiException.BodyTooLate(deadline.Limit);
        }
    }

    private async Task<(CompletionRequest Request, ImmutableArray<int> Prompt)> EncodeAsync(
        ReadOnlyMemory<byte> body, CompletionShape shape, ServedModel model, Deadline deadline, CancellationToken ended)
    {
        try
        {
            await _encoding.WaitAsync(ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            throw ApiException.TimedOut(deadline.Limit);
        }
        try
        {
            var request = shape.Parse(body);
            if (request.Timeout is { } timeout)
                deadline.Shorten(timeout);
            if (request.Model != model.Name)
                throw ApiException.UnknownModel(request.Model, model.Name);
            if (request.Answers > options.Engine.MaxSequences)
                throw ApiException.BadField("n", FormattableString.Invariant($"must be at most {options.Engine.MaxSequences} here."));
            CheckBiases(request.Sampling, model.Model.Config.VocabularySize);
            return (request, PromptEncoder.Encode(model, request.Input));
        }
        finally
        {
            _encoding.Release();
        }
    }

    private static void CheckBiases(SamplingParameters sampling, int vocabularySize)
    {
        foreach (var id in sampling.LogitBias.Keys)
        {
            if (id >= vocabularySize)
                throw ApiException.BadField("logit_bias", FormattableString.Invariant($"names the token {id}; ids are below {vocabularySize}."));
        }
    }

    /// <summary>Runs a generation and says the engine's refusals in the API's words.</summary>
    private async Task<MeteredResult> RunMeteredAsync(
        HttpContext context,
        ApiKey key,
        ServedModel model,
        GenerationRequest generation,
        CompletionRequest request,
        Deadline deadline,
        IdempotentCall? idempotent,
        Func<int, GeneratedToken, ValueTask> deliver)
    {
        MeteredResult metered;
        try
        {
            metered = await meter.RunAsync(
                key, model, RequestId.Of(context), generation, request.Answers, deliver, deadline, idempotent, context.RequestAborted).ConfigureAwait(false);
        }
        catch (ContextLengthExceededException refusal)
        {
            throw ApiException.ContextLengthExceeded(request.Input.Field, refusal.Message);
        }
        catch (QueueFullException refusal)
        {
            throw ApiException.TooManyRequests(refusal.Message, "queue_full", refusal.RetryAfter);
        }
        catch (OwnerBusyException refusal)
        {
            throw ApiException.TooManyRequests(refusal.Message, "too_many_concurrent_requests", refusal.RetryAfter);
        }
        catch (EngineStoppingException)
        {
            throw ApiException.Stopping();
        }

        return Presentable(context, metered, deadline);
    }

    /// <summary>What there is to answer with. Throws <see cref="ApiException"/> where there is nothing.</summary>
    private static MeteredResult Presentable(HttpContext context, MeteredResult metered, Deadline deadline)
    {
        if (metered.TimedOut && metered.Usage.Generated == 0)
        {
            if (metered.Receipt is { } receipt)
                context.Response.Headers["Ayni-Receipt"] = receipt.Id;
            throw ApiException.TimedOut(deadline.Limit, metered.Receipt?.Id);
        }
        // Cancelled before it began: there is nothing to answer with.
        return metered.Receipt is null ? throw ApiException.Stopping() : metered;
    }

    private static async Task AnswerWholeAsync(HttpContext context, Answer answer, CompletionRequest request, RunGeneration run)
    {
        StringBuilder[] texts = [.. Enumerable.Range(0, request.Answers).Select(_ => new StringBuilder())];
        var metered = await run((index, token) =>
        {
            texts[index].Append(token.Text);
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        context.Response.Headers["Ayni-Receipt"] = metered.Receipt!.Id;
        var whole = answer.Whole([.. texts.Select(text => text.ToString())], metered);
        await ApiWriter.WriteAsync(context.Response, whole, ApiJson.Default.CompletionResponse).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, Answer answer, CompletionRequest request, RunGeneration run)
    {
        var stream = new EventStream(context.Response);
        var type = request.IncludeUsage ? ApiJson.WithNullUsage.CompletionResponse : ApiJson.Default.CompletionResponse;
        var isOpen = new bool[request.Answers];
        async ValueTask OpenAsync(int index)
        {
            if (!isOpen[index] && answer.Opening(index) is { } opening)
                await stream.SendAsync(opening, type).ConfigureAwait(false);
            isOpen[index] = true;
        }

        try
        {
            var metered = await run(async (index, token) =>
            {
                await OpenAsync(index).ConfigureAwait(false);
                if (token.Text.Length > 0)
                    await stream.SendAsync(answer.Part(index, token.Text), type).ConfigureAwait(false);
            }).ConfigureAwait(false);

            for (var index = 0; index < request.Answers; index++)
            {
                await OpenAsync(index).ConfigureAwait(false);
                var isLast = index == request.Answers - 1 && !request.IncludeUsage;
                await stream.SendAsync(answer.End(index, metered, withReceipt: isLast), type).ConfigureAwait(false);
            }
            if (request.IncludeUsage)
                await stream.SendAsync(answer.UsageOnly(metered), type).ConfigureAwait(false);
            await stream.SendDoneAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (stream.HasStarted)
        {
            // The status is out already, so the error is the last event and no [DONE] follows it.
            if (error is not ApiException)
                logger.RequestFailed(RequestId.Of(context), error);
            var refusal = error as ApiException ?? ApiException.Internal();
            await stream.SendAsync(new(refusal.Error), ApiJson.Default.ErrorResponse).ConfigureAwait(false);
        }
    }
}
