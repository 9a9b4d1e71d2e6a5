using System.Globalization;
using System.Text.Json;
using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// A request that is refused, as the client will see it: a status and OpenAI's error object. Thrown anywhere below an endpoint,
/// written in one place.
/// </summary>
internal sealed class ApiException : Exception
{
    private ApiException(int status, string type, string message, string? param, string? code)
        : base(message)
    {
        Status = status;
        Error = new(message, type, param, code);
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>What the body says.</summary>
    public ErrorDetail Error { get; }

    /// <summary>When trying again may help; null where it won't.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>400: a field is wrong.</summary>
    /// <param name="field">The field's path, such as <c>messages[2].content</c>; null where the body as a whole is at fault.</param>
    /// <param name="problem">What is wrong, following the field's name.</param>
    /// <param name="code">A stable word for programs.</param>
    public static ApiException BadField(string? field, string problem, string? code = null) =>
        Invalid(StatusCodes.Status400BadRequest, field is null ? problem : $"'{field}' {problem}", field, code);

    /// <summary>400: the address does not take this query parameter.</summary>
    public static ApiException UnknownParameter(string name) =>
        Invalid(StatusCodes.Status400BadRequest, $"There is no parameter '{Clip(name)}' here.", Clip(name), "unknown_parameter");

    /// <summary>404, 400 or 409: the ledger refuses it. The code is the refusal's name, such as <c>unknown_party</c>.</summary>
    public static ApiException LedgerRefused(LedgerRefusedException refused)
    {
        var code = JsonNamingPolicy.SnakeCaseLower.ConvertName(refused.Refusal.ToString());
        var status = code.StartsWith("unknown_", StringComparison.Ordinal) ? StatusCodes.Status404NotFound
            : code.StartsWith("invalid_", StringComparison.Ordinal) ? StatusCodes.Status400BadRequest
            : StatusCodes.Status409Conflict;
        return Invalid(status, refused.Message, null, code);
    }

    /// <summary>409: another key has to approve it first; the message names the proposal.</summary>
    public static ApiException ApprovalNeeded(ApprovalNeededException needed) =>
        Invalid(StatusCodes.Status409Conflict, needed.Message, null, "approval_needed");

    /// <summary>404: nothing of this kind has this id, or it is somebody else's.</summary>
    public static ApiException Unknown(string kind, string id) =>
        Invalid(StatusCodes.Status404NotFound, $"There is no {kind} '{Clip(id)}'.", null, $"unknown_{kind}");

    /// <summary>400: the model's chat format can't say this conversation.</summary>
    public static ApiException BadConversation(string field, string message) =>
        Invalid(StatusCodes.Status400BadRequest, message, field, null);

    /// <summary>400: the prompt doesn't fit.</summary>
    public static ApiException ContextLengthExceeded(string field, string message) =>
        Invalid(StatusCodes.Status400BadRequest, message, field, "context_length_exceeded");

    /// <summary>401: no key, or none that counts. The same words for every reason, so that nobody learns which keys exist.</summary>
    public static ApiException InvalidKey(bool missing) => Invalid(
        StatusCodes.Status401Unauthorized,
        missing ? "No API key. Send it as 'Authorization: Bearer ayni_…'." : "The API key is not valid here, or was revoked.",
        null,
        "invalid_api_key");

    /// <summary>402: the money is spent.</summary>
    public static ApiException InsufficientQuota(string message) =>
        new(StatusCodes.Status402PaymentRequired, "insufficient_quota", message, null, "insufficient_quota");

    /// <summary>403: the Host header names a machine this server isn't.</summary>
    public static ApiException ForeignHost() => Invalid(
        StatusCodes.Status403Forbidden,
        "The Host header names a host this server does not answer for. Allow it by name if it is yours.",
        null,
        "host_not_allowed");

    /// <summary>403: the ledger does not let this customer use this model.</summary>
    public static ApiException NotAdmitted(string message, string code) => Invalid(StatusCodes.Status403Forbidden, message, null, code);

    /// <summary>403: the key is good, but not for this.</summary>
    public static ApiException WrongRole(KeyRole role, ReadOnlySpan<KeyRole> allowed) => Invalid(
        StatusCodes.Status403Forbidden,
        $"A key of role {role.Name()} does not open this; one of role "
            + $"{string.Join(" or ", allowed.ToArray().Select(other => other.Name()))} does.",
        null,
        "role_not_allowed");

    /// <summary>404: no such model.</summary>
    public static ApiException UnknownModel(string model, string served) => Invalid(
        StatusCodes.Status404NotFound, $"The model '{Clip(model)}' does not exist here; '{served}' does.", "model", "model_not_found");

    /// <summary>404: no such receipt, or another customer's.</summary>
    public static ApiException UnknownReceipt() =>
        Invalid(StatusCodes.Status404NotFound, "There is no receipt of this customer by that id.", null, "receipt_not_found");

    /// <summary>404: no such address.</summary>
    public static ApiException UnknownRoute(HttpRequest request) => Invalid(
        StatusCodes.Status404NotFound, $"There is nothing at {request.Method} {Clip(request.Path)}.", null, "unknown_url");

    /// <summary>405: the address is right and the method isn't.</summary>
    public static ApiException WrongMethod(HttpRequest request) => Invalid(
        StatusCodes.Status405MethodNotAllowed, $"{Clip(request.Path)} does not take {Clip(request.Method)}.", null, "method_not_allowed");

    /// <summary>406: the answer has no form that the client accepts.</summary>
    public static ApiException NotAcceptable() => Invalid(
        StatusCodes.Status406NotAcceptable, "This has no form that the Accept header allows.", null, "not_acceptable");

    /// <summary>408: the body did not arrive in time.</summary>
    public static ApiException BodyTooLate(TimeSpan limit) => Invalid(
        StatusCodes.Status408RequestTimeout,
        string.Create(CultureInfo.InvariantCulture, $"The body did not arrive within {limit.TotalSeconds} s."),
        null,
        "request_timeout");

    /// <summary>413: the body is over the limit.</summary>
    public static ApiException BodyTooLarge(long limitBytes) => Invalid(
        StatusCodes.Status413PayloadTooLarge,
        string.Create(CultureInfo.InvariantCulture, $"The body is over {limitBytes} bytes, the most this server reads."),
        null,
        "request_too_large");

    /// <summary>409 or 422: what was sent before under this idempotency key stands in the way.</summary>
    public static ApiException Idempotency(IdempotencyStatus status)
    {
        var receipt = status.Receipt is { } before ? $" Its receipt is {before.Id}." : "";
        return status.State switch
        {
            IdempotencyState.InProgress => new(
                StatusCodes.Status409Conflict, "invalid_request_error", "The request of this Idempotency-Key is being answered.", null,
                "idempotency_in_progress")
            { RetryAfter = TimeSpan.FromSeconds(1) },
            IdempotencyState.OtherBody => Invalid(
                StatusCodes.Status422UnprocessableEntity, $"This Idempotency-Key was used for another body.{receipt}", null,
                "idempotency_key_reused"),
            IdempotencyState.OtherKey => Invalid(
                StatusCodes.Status409Conflict, $"This Idempotency-Key was used with another API key of the customer.{receipt}", null,
                "idempotency_other_api_key"),
            _ => Invalid(
                StatusCodes.Status409Conflict,
                "The request of this Idempotency-Key was answered, and the answer is not kept: it was too long, or 24 hours have passed."
                    + receipt,
                null, "idempotency_answer_not_kept"),
        };
    }

    /// <summary>415: the body is of another type.</summary>
    public static ApiException WrongContentType(string mediaType) => Invalid(
        StatusCodes.Status415UnsupportedMediaType,
        $"Send the body as 'Content-Type: {mediaType}'{(mediaType == "application/xml" ? "" : ", in UTF-8")}.",
        null,
        "unsupported_media_type");

    /// <summary>415: the body is compressed.</summary>
    public static ApiException WrongContentEncoding() => Invalid(
        StatusCodes.Status415UnsupportedMediaType, "Send the body as it is; no Content-Encoding is read here.", null, "unsupported_media_type");

    /// <summary>429: come back later.</summary>
    public static ApiException TooManyRequests(string message, string code, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message, null, code) { RetryAfter = retryAfter };

    /// <summary>503: the host is going down.</summary>
    public static ApiException Stopping() => Unavailable("The server is shutting down.", "server_stopping", TimeSpan.FromSeconds(10));

    /// <summary>503: not yet, or no longer.</summary>
    public static ApiException Unavailable(string message, string code, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "server_error", message, null, code) { RetryAfter = retryAfter };

    /// <summary>504: the time is up and nothing was generated. What was computed of the prompt is charged, by a receipt.</summary>
    public static ApiException TimedOut(TimeSpan limit, string? receiptId = null) => new(
        StatusCodes.Status504GatewayTimeout,
        "server_error",
        string.Create(CultureInfo.InvariantCulture, $"Nothing was generated within the {limit.TotalSeconds} s that this request may take.")
            + (receiptId is null ? " Nothing was charged." : $" What was computed of the prompt is charged by receipt {receiptId}."),
        null,
        "timeout");

    /// <summary>500: the server's own fault; what went wrong is in its log.</summary>
    public static ApiException Internal(string message = "The server failed to answer. Nothing was charged.") =>
        new(StatusCodes.Status500InternalServerError, "server_error", message, null, "internal_error");

    /// <summary>Any other refusal by the web server beneath, such as a header too long.</summary>
    public static ApiException Refused(int status, string message) => Invalid(status, message, null, null);

    private static ApiException Invalid(int status, string message, string? param, string? code) =>
        new(status, "invalid_request_error", message, param, code);

    /// <summary>Client text is repeated in an answer only up to this length.</summary>
    private static string Clip(string? text) => text is { Length: > 100 } ? string.Concat(text.AsSpan(0, 100), "…") : text ?? "";
}
