using System.Collections.Immutable;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>What a metered request came to.</summary>
/// <param name="Results">How each of its answers ended and what it used.</param>
/// <param name="Receipt">The receipt, durable; null if the request was cancelled before it used anything.</param>
/// <param name="TimedOut">Whether its deadline cut it short.</param>
/// <param name="ClientLeft">Whether its client left before the end.</param>
internal sealed record MeteredResult(ImmutableArray<GenerationResult> Results, Receipt? Receipt, bool TimedOut, bool ClientLeft)
{
    /// <summary>What all answers used together.</summary>
    public TokenUsage Usage => Sum(Results);

    /// <summary>Whether an answer was cut short.</summary>
    public bool IsCancelled => WasCancelled(Results);

    public static TokenUsage Sum(ImmutableArray<GenerationResult> results) => results.Aggregate(new TokenUsage(), (sum, result) => new(
        sum.Prompt + result.Usage.Prompt,
        sum.Cached + result.Usage.Cached,
        sum.Generated + result.Usage.Generated,
        sum.Rejected + result.Usage.Rejected));

    public static bool WasCancelled(ImmutableArray<GenerationResult> results) => results.Any(result => result.Reason == FinishReason.Cancelled);
}

/// <summary>
/// The one metering point: every generation, whatever its endpoint and streamed or not, is admitted, made and posted here. An engine
/// failure is free; a cancellation pays for what was made until then.
/// </summary>
internal sealed class Meter(Books books, ServingState state, HostRun run, HostMetrics metrics, ILogger<Meter> logger)
{
    private static readonly TimeSpan ClockRetry = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Lets a request in, hands each token on as it is made, and posts the receipt. Whatever ends the generation early, what it used is
    /// posted. Throws <see cref="ApiException"/>.
    /// </summary>
    /// <param name="key">Whose request it is.</param>
    /// <param name="model">What answers.</param>
    /// <param name="requestId">The request's name, and the receipt's idempotency key.</param>
    /// <param name="request">What is to be generated.</param>
    /// <param name="answers">How many answers to it.</param>
    /// <param name="deliver">Told each token of each answer by the answer's number, one at a time.</param>
    /// <param name="deadline">Ends the generation where it is when the time is up: a cancellation like any other.</param>
    /// <param name="idempotent">Where the answer is kept, if its client asked for it.</param>
    /// <param name="clientGone">Cancelled when nobody waits for the answer any more.</param>
    public async Task<MeteredResult> RunAsync(
        ApiKey key,
        ServedModel model,
        string requestId,
        GenerationRequest request,
        int answers,
        Func<int, GeneratedToken, ValueTask> deliver,
        Deadline deadline,
        IdempotentCall? idempotent,
        CancellationToken clientGone)
    {
        using var underWay = run.Enter(requestId);
        Reservation? unused = null;
        try
        {
            var admission = Admitted(await books.LetInAsync(
                key, model.Name, requestId, DemandOf(request, answers, model), run.Lease).ConfigureAwait(false));
            if (admission.Reservation is { } reservation)
            {
                unused = reservation;
                request = request with { MaxTokens = Math.Min(request.MaxTokens, reservation.MaxTokens) };
            }
            var metered = await GenerateAsync(
                admission, model, requestId, request, answers, deliver, deadline, idempotent, clientGone).ConfigureAwait(false);
            if (metered.Receipt is not null)
                unused = null;
            return metered;
        }
        finally
        {
            if (unused is not null)
                await VoidAsync(requestId, unused).ConfigureAwait(false);
        }
    }

    private async Task<MeteredResult> GenerateAsync(
        Admission admission,
        ServedModel model,
        string requestId,
        GenerationRequest request,
        int answers,
        Func<int, GeneratedToken, ValueTask> deliver,
        Deadline deadline,
        IdempotentCall? idempotent,
        CancellationToken clientGone)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientGone, state.Cut, deadline.Token);
        var generations = model.Engine.Submit(request, answers, cancellation.Token);
        using var turn = new SemaphoreSlim(1);
        await Task.WhenAll(generations.Select((generation, index) => DeliverAsync(index, generation))).ConfigureAwait(false);

        var results = await CompleteAsync(generations, requestId).ConfigureAwait(false);
        var wasCancelled = MeteredResult.WasCancelled(results);
        var (timedOut, clientLeft) = (deadline.HasPassed && wasCancelled, clientGone.IsCancellationRequested && wasCancelled);
        if (results.All(result => result.Usage == default))
            return new(results, null, timedOut, clientLeft);
        var kept = idempotent?.Seal(requestId, results, timedOut, clientLeft);
        var receipt = await PostAsync(admission, model, requestId, results, kept).ConfigureAwait(false);
        if (idempotent is not null)
            idempotent.IsPosted = true;
        return new(results, receipt, timedOut, clientLeft);

        async Task DeliverAsync(int index, Generation generation)
        {
            try
            {
                await foreach (var token in generation.ReadTokensAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                    try
                    {
                        idempotent?.Note(index, token.Text);
                        await deliver(index, token).ConfigureAwait(false);
                    }
                    finally
                    {
                        turn.Release();
                    }
                }
            }
            catch (Exception error) when (!generation.Completion.IsFaulted)
            {
                // The answer can't be handed on: stop as if the client had gone, and still post what was used.
                logger.DeliveryFailed(requestId, error);
                await cancellation.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The engine's own failure, which its completion says again below.
            }
        }
    }

    /// <summary>What a request asks for; the context bounds its answers, too.</summary>
    private static TokenDemand DemandOf(GenerationRequest request, int answers, ServedModel model) => new(
        request.Prompt.Length, answers, Math.Max(1, Math.Min(request.MaxTokens, model.Engine.ContextLength - request.Prompt.Length)),
        model.Adapter?.Name);

    /// <summary>The admission, or the refusal in the API's words.</summary>
    private static Admission Admitted(AdmissionDecision decision) => decision switch
    {
        Admission admission => admission,
        AdmissionRefusal refusal => throw (refusal.Reason switch
        {
            AdmissionRefusalReason.InsufficientQuota => ApiException.InsufficientQuota(refusal.Message),
            AdmissionRefusalReason.RateLimited =>
                ApiException.TooManyRequests(refusal.Message, "rate_limit_exceeded", refusal.RetryAfter!.Value),
            AdmissionRefusalReason.RequestTooLarge => ApiException.BadField(null, refusal.Message, "request_too_large"),
            AdmissionRefusalReason.KeyRevoked => ApiException.InvalidKey(missing: false),
            AdmissionRefusalReason.ClockSkewed => ApiException.Unavailable(refusal.Message, "clock_skewed", ClockRetry),
            AdmissionRefusalReason.CurrencyMismatch => ApiException.NotAdmitted(refusal.Message, "currency_mismatch"),
            AdmissionRefusalReason.ModelWithoutAgreement => ApiException.NotAdmitted(refusal.Message, "model_without_agreement"),
            _ => ApiException.NotAdmitted(refusal.Message, "model_not_priced"),
        }),
        _ => throw new InvalidOperationException($"The ledger answered {decision}."),
    };

    private async Task VoidAsync(string requestId, Reservation reservation)
    {
        try
        {
            await books.VoidAsync(reservation).ConfigureAwait(false);
        }
        catch (LedgerException error)
        {
            // The next renewal of this host's lease lets go of it.
            logger.VoidingFailed(requestId, error);
        }
    }

    private async Task<ImmutableArray<GenerationResult>> CompleteAsync(ImmutableArray<Generation> generations, string requestId)
    {
        try
        {
            return [.. await Task.WhenAll(generations.Select(generation => generation.Completion)).ConfigureAwait(false)];
        }
        catch (Exception error)
        {
            logger.GenerationFailed(requestId, error);
            throw ApiException.Internal();
        }
    }

    private async Task<Receipt> PostAsync(Admission admission, ServedModel model, string requestId, ImmutableArray<GenerationResult> results, KeptAnswer? kept)
    {
        var usage = MeteredResult.Sum(results);
        var result = results[0];
        var counts = new TokenCounts(usage.Prompt, usage.Cached, usage.Generated, usage.Rejected);
        var outcome = MeteredResult.WasCancelled(results) ? Outcome.Cancelled : Outcome.Completed;
        try
        {
            // Never cancelled: what was used is owed, whether or not anybody waits to hear it.
            var receipt = await books.PostAsync(
                new(admission, requestId, model.Digest, counts, outcome, model.Adapter, Kept: kept), CancellationToken.None).ConfigureAwait(false);
            metrics.NoteReceipt(outcome);
            logger.Metered(requestId, receipt.KeyId, receipt.Id, outcome, counts.Prompt, counts.Cached, counts.Generated, result.Queued, result.Prefill, result.Decode);
            return receipt;
        }
        catch (Exception error)
        {
            logger.PostingFailed(requestId, admission.KeyId, counts.Prompt, counts.Cached, counts.Generated, error);
            throw ApiException.Internal("The answer could not be recorded, so it ends here.");
        }
    }
}
