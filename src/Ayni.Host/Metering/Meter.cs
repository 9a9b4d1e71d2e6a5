using System.Collections.Immutable;
using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>What a metered request came to.</summary>
/// <param name="Results">How each of its answers ended and what it used.</param>
/// <param name="Receipt">The receipt, durable; null if the request was cancelled before it used anything.</param>
/// <param name="TimedOut">Whether its deadline cut it short.</param>
internal sealed record MeteredResult(ImmutableArray<GenerationResult> Results, Receipt? Receipt, bool TimedOut)
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
internal sealed class Meter(Books books, ServingState state, HostMetrics metrics, ILogger<Meter> logger)
{
    private readonly SpendingHolds _holds = new();

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
    /// <param name="clientGone">Cancelled when nobody waits for the answer any more.</param>
    public async Task<MeteredResult> RunAsync(
        ApiKey key,
        ServedModel model,
        string requestId,
        GenerationRequest request,
        int answers,
        Func<int, GeneratedToken, ValueTask> deliver,
        Deadline deadline,
        CancellationToken clientGone)
    {
        using var hold = HoldWorstCase(key, model.Name, request, answers);
        var admission = Admit(key, model.Name, hold?.Others);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientGone, state.Cut, deadline.Token);
        var generations = model.Engine.Submit(request, answers, cancellation.Token);
        using var turn = new SemaphoreSlim(1);
        await Task.WhenAll(generations.Select((generation, index) => DeliverAsync(index, generation))).ConfigureAwait(false);

        var results = await CompleteAsync(generations, requestId).ConfigureAwait(false);
        var receipt = results.All(result => result.Usage == default)
            ? null
            : await PostAsync(admission, model, requestId, results).ConfigureAwait(false);
        return new(results, receipt, deadline.HasPassed && MeteredResult.WasCancelled(results));

        async Task DeliverAsync(int index, Generation generation)
        {
            try
            {
                await foreach (var token in generation.ReadTokensAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                    try
                    {
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

    /// <summary>Holds what the request costs if its answers become as long as they may; null if the model has no price, so that nothing is let in.</summary>
    private SpendingHolds.Hold? HoldWorstCase(ApiKey key, string model, GenerationRequest request, int answers) =>
        books.FindPrice(model) is { } price
            ? _holds.Take(key.CustomerId, price.Charge(new TokenCounts(request.Prompt.Length, 0, (long)answers * request.MaxTokens)))
            : null;

    private Admission Admit(ApiKey key, string model, Amount? heldByOthers)
    {
        switch (books.Admit(key, model))
        {
            case Admission { Room: { } room } when heldByOthers >= room:
                throw ApiException.InsufficientQuota(
                    $"Requests under way may cost {heldByOthers}, and {room} are left of the spending limit; wait for them or raise it.");
            case Admission admission:
                return admission;
            case AdmissionRefusal { Reason: AdmissionRefusalReason.InsufficientQuota } refusal:
                throw ApiException.InsufficientQuota(refusal.Message);
            case AdmissionRefusal { Reason: AdmissionRefusalReason.KeyRevoked }:
                throw ApiException.InvalidKey(missing: false);
            case AdmissionRefusal refusal:
                throw ApiException.NotAdmitted(refusal.Message, refusal.Reason switch
                {
                    AdmissionRefusalReason.CurrencyMismatch => "currency_mismatch",
                    AdmissionRefusalReason.ModelWithoutAgreement => "model_without_agreement",
                    _ => "model_not_priced",
                });
            case var other:
                throw new InvalidOperationException($"The ledger answered {other}.");
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

    private async Task<Receipt> PostAsync(Admission admission, ServedModel model, string requestId, ImmutableArray<GenerationResult> results)
    {
        var usage = MeteredResult.Sum(results);
        var result = results[0];
        var counts = new TokenCounts(usage.Prompt, usage.Cached, usage.Generated, usage.Rejected);
        var outcome = MeteredResult.WasCancelled(results) ? Outcome.Cancelled : Outcome.Completed;
        try
        {
            // Never cancelled: what was used is owed, whether or not anybody waits to hear it.
            var receipt = await books.PostAsync(
                new(admission, requestId, model.Digest, counts, outcome, model.Adapter), CancellationToken.None).ConfigureAwait(false);
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
