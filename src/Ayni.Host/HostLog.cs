using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>Every event the host logs, with its stable number. No customer's text is ever among them.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Address}; loading {ModelPath}")]
    public static partial void Listening(this ILogger logger, Uri address, string modelPath);

    [LoggerMessage(
        2, LogLevel.Information, "Serving {Model}, context {ContextLength} tokens, chat format {ChatFormat}, loaded in {Elapsed}")]
    public static partial void Serving(this ILogger logger, string model, int contextLength, string chatFormat, TimeSpan elapsed);

    [LoggerMessage(3, LogLevel.Error, "The model {ModelPath} could not be served: {Problem}")]
    public static partial void LoadingFailed(this ILogger logger, string modelPath, string problem, Exception? error);

    [LoggerMessage(4, LogLevel.Information, "Stopping; requests under way have {DrainLimit} to finish")]
    public static partial void Stopping(this ILogger logger, TimeSpan drainLimit);

    [LoggerMessage(5, LogLevel.Warning, "Requests still under way after {DrainLimit} are cut short")]
    public static partial void CuttingShort(this ILogger logger, TimeSpan drainLimit);

    [LoggerMessage(6, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(7, LogLevel.Warning, "{Refusal}")]
    public static partial void TierRefused(this ILogger logger, string refusal);

    [LoggerMessage(12, LogLevel.Warning, "{Refusal}")]
    public static partial void PackCacheRefused(this ILogger logger, string refusal);

    [LoggerMessage(13, LogLevel.Warning, "{Model} is under {Licence}; {Rule}: {Text}")]
    public static partial void LicenceWarned(this ILogger logger, string model, string licence, string rule, string text);

    [LoggerMessage(14, LogLevel.Warning, "{Model} has had about {Users} users this month; its licence speaks of {Limit}")]
    public static partial void ManyUsers(this ILogger logger, string model, long users, string limit);

    [LoggerMessage(15, LogLevel.Warning, "Users could not be counted: {Problem}")]
    public static partial void UsersNotCounted(this ILogger logger, string problem);

    [LoggerMessage(10, LogLevel.Information, "{Model} had no price: requests now cost {Input} a million tokens in, {Output} out")]
    public static partial void PriceEntered(this ILogger logger, string model, Amount input, Amount output);

    [LoggerMessage(11, LogLevel.Information, "{Model} had no agreement: version {Version} shares what it earns between the host and apps; who else is to share accepts that first ('ayni agreement set')")]
    public static partial void AgreementEntered(this ILogger logger, string model, long version);

    [LoggerMessage(20, LogLevel.Information, "{RequestId} {Method} {Route} {Status} in {Elapsed}")]
    public static partial void RequestEnded(
        this ILogger logger, string requestId, string method, string route, int status, TimeSpan elapsed);

    [LoggerMessage(
        21,
        LogLevel.Information,
        "{RequestId} by {KeyId} has receipt {ReceiptId}: {Outcome}, {PromptTokens} prompt, {CachedTokens} cached and {GeneratedTokens} generated tokens; queued {Queued}, prefill {Prefill}, decode {Decode}")]
    public static partial void Metered(
        this ILogger logger,
        string requestId,
        string keyId,
        string receiptId,
        Outcome outcome,
        long promptTokens,
        long cachedTokens,
        long generatedTokens,
        TimeSpan queued,
        TimeSpan prefill,
        TimeSpan decode);

    [LoggerMessage(22, LogLevel.Error, "{RequestId} failed")]
    public static partial void RequestFailed(this ILogger logger, string requestId, Exception error);

    [LoggerMessage(23, LogLevel.Error, "{RequestId}: the engine failed; nothing is charged")]
    public static partial void GenerationFailed(this ILogger logger, string requestId, Exception error);

    [LoggerMessage(24, LogLevel.Critical, "{RequestId} by {KeyId} could not be recorded: {PromptTokens} prompt, {CachedTokens} cached and {GeneratedTokens} generated tokens")]
    public static partial void PostingFailed(this ILogger logger, string requestId, string keyId, long promptTokens, long cachedTokens, long generatedTokens, Exception error);

    [LoggerMessage(25, LogLevel.Information, "{RequestId}: the answer could not be handed on")]
    public static partial void DeliveryFailed(this ILogger logger, string requestId, Exception error);

    [LoggerMessage(26, LogLevel.Warning, "{RequestId} used nothing, and what it reserved could not be let go; it is once this host's lease ends")]
    public static partial void VoidingFailed(this ILogger logger, string requestId, Exception error);

    [LoggerMessage(28, LogLevel.Warning, "The transparency log was not published: {Problem}")]
    public static partial void LogNotPublished(this ILogger logger, string problem);

    [LoggerMessage(27, LogLevel.Warning, "This host's lease on what its requests reserve could not be renewed or ended")]
    public static partial void RenewalFailed(this ILogger logger, Exception error);

    [LoggerMessage(40, LogLevel.Warning, "{WebhookId} did not take {EventId}: {Result}")]
    public static partial void WebhookFailed(this ILogger logger, string webhookId, string eventId, string result);

    [LoggerMessage(41, LogLevel.Error, "The outbox of webhooks can't be read: {Problem}")]
    public static partial void OutboxUnreadable(this ILogger logger, string problem);
}
