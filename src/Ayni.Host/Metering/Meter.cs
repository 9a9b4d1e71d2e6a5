using Ayni.Ledger;
using Ayni.Llama;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>What a metered generation came to.</summary>
/// <param name="Result">How the generation ended and what it used.</param>
/// <param name="Receipt">The receipt, durable; null if the generation was cancelled before it used anything.</param>
internal sealed record MeteredResult(GenerationResult Result, Receipt? Receipt);

/// <summary>
/// The one metering point: every generation, whatever its endpoint and streamed or not, is admitted, made and posted here. An engine
/// failure is free; a cancellation pays for what was made until then.
/// </summary>
internal sealed class Meter(Books books, ServingState state, ILogger<Meter> logger)
{
    /// <summary>
    /// Lets a request in, hands each token on as it is made, and posts the receipt. Whatever ends the generation early, what it used is
    /// posted. Throws <see cref="ApiException"/>.
    /// </summary>
    /// <param name="key">Whose request it is.</param>
    /// <param name="model">What answers.</param>
    /// <param name="requestId">The request's name, and the receipt's idempotency key.</param>
    /// <param name="request">What is to be generated.</param>
    /// <param name="deliver">Told each token.</param>
    /// <param name="clientGone">Cancelled when nobody waits for the answer any more.</param>
    public async Task<MeteredResult> RunAsync(
        ApiKey key,
        ServedModel model,
        string requestId,
        GenerationRequest request,
        Func<GeneratedToken, ValueTask> deliver,
        CancellationToken clientGone)
    {
        var admission = Admit(key, model.Name);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientGone, state.Cut);
        var generation = model.Engine.Submit(request, cancellation.Token);
        try
        {
            await foreach (var token in generation.ReadTokensAsync(CancellationToken.None).ConfigureAwait(false))
                await deliver(token).ConfigureAwait(false);
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

        var result = await CompleteAsync(generation, requestId).ConfigureAwait(false);
        var receipt = result.Usage == default ? null : await PostAsync(admission, model, requestId, result).ConfigureAwait(false);
        return new(result, receipt);
    }

    private Admission Admit(ApiKey key, string model)
    {
        switch (books.Admit(key, model))
        {
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

    private async Task<GenerationResult> CompleteAsync(Generation generation, string requestId)
    {
        try
        {
            return await generation.Completion.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            logger.GenerationFailed(requestId, error);
            throw ApiException.Internal();
        }
    }

    private async Task<Receipt> PostAsync(Admission admission, ServedModel model, string requestId, GenerationResult result)
    {
        var usage = result.Usage;
        var counts = new TokenCounts(usage.Prompt, usage.Cached, usage.Generated);
        var outcome = result.Reason == FinishReason.Cancelled ? Outcome.Cancelled : Outcome.Completed;
        try
        {
            // Never cancelled: what was used is owed, whether or not anybody waits to hear it.
            var receipt = await books.PostAsync(
                new(admission, requestId, model.Digest, counts, outcome), CancellationToken.None).ConfigureAwait(false);
            logger.Metered(requestId, receipt.KeyId, receipt.Id, outcome, counts, result.Queued, result.Prefill, result.Decode);
            return receipt;
        }
        catch (Exception error)
        {
            logger.PostingFailed(requestId, admission.KeyId, counts, error);
            throw ApiException.Internal("The answer could not be recorded, so it ends here.");
        }
    }
}
