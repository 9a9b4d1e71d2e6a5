using Ayni.Ledger;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// What every request passes through: it gets a name, its Host header is checked, and whatever goes wrong below becomes an error in
/// OpenAI's shape, never a stack trace and never an empty body.
/// </summary>
internal sealed class ApiPipeline(HostAllowList allowList, HostMetrics metrics, TimeProvider clock, ILogger<ApiPipeline> logger)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var started = clock.GetTimestamp();
        RequestId.Assign(context, clock.GetUtcNow());
        try
        {
            // Whatever we answer is what it says it is, also to a browser.
            context.Response.Headers.XContentTypeOptions = "nosniff";
            allowList.Check(context.Request);
            await next(context).ConfigureAwait(false);
            await FillEmptyErrorAsync(context).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            await AnswerAsync(context, error).ConfigureAwait(false);
        }

        metrics.NoteResponse(context.Response.StatusCode);
        // The pattern and not the path: an address that nothing is at may hold anything.
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(unknown)";
        var method = HttpMethods.GetCanonicalizedValue(context.Request.Method);
        logger.RequestEnded(
            RequestId.Of(context), HttpMethods.IsGet(method) || HttpMethods.IsPost(method) ? method : "(other)", route,
            context.Response.StatusCode, clock.GetElapsedTime(started));
    }

    /// <summary>Routing answers 404 and 405 without a body.</summary>
    private static Task FillEmptyErrorAsync(HttpContext context)
    {
        if (context.Response.HasStarted)
            return Task.CompletedTask;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ApiWriter.WriteErrorAsync(context.Response, ApiException.UnknownRoute(context.Request)),
            StatusCodes.Status405MethodNotAllowed => ApiWriter.WriteErrorAsync(context.Response, ApiException.WrongMethod(context.Request)),
            _ => Task.CompletedTask,
        };
    }

    private Task AnswerAsync(HttpContext context, Exception error)
    {
        if (context.RequestAborted.IsCancellationRequested && error is ApiException or OperationCanceledException or IOException)
        {
            // Nobody is there to be told.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return Task.CompletedTask;
        }

        if (context.Response.HasStarted)
        {
            // An answer half sent can only be broken off, so that nobody takes it for whole.
            logger.RequestFailed(RequestId.Of(context), error);
            context.Abort();
            return Task.CompletedTask;
        }

        return ApiWriter.WriteErrorAsync(context.Response, error switch
        {
            ApiException refusal => refusal,
            LedgerRefusedException refused => ApiException.LedgerRefused(refused),
            DocumentException document => ApiException.BadField(null, document.Message, "invalid_document"),
            ProofException proof => ApiException.BadField(null, proof.Message, "invalid_proof"),
            ApprovalNeededException needed => ApiException.ApprovalNeeded(needed),
            BankFormatException or CsvFormatException or BankReportException => ApiException.BadField(null, error.Message),
            BadHttpRequestException bad => ApiException.Refused(bad.StatusCode, bad.Message),
            _ => Unexpected(context, error),
        });
    }

    private ApiException Unexpected(HttpContext context, Exception error)
    {
        logger.RequestFailed(RequestId.Of(context), error);
        return ApiException.Internal();
    }
}
