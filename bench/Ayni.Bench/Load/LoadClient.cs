using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary>Sends requests one after another and judges each answer by what was asked for.</summary>
internal sealed class LoadClient(HttpClient http)
{
    /// <summary>Seconds from each streamed text to the next, of streams read to their end.</summary>
    public List<double> InterTokenSeconds { get; } = [];

    /// <summary>Seconds from each stream's request to its first text.</summary>
    public List<double> FirstTokenSeconds { get; } = [];

    /// <summary>Sends one request. Returns how it ended, and what was wrong with that; null where nothing was.</summary>
    public async Task<(string Ending, string? Problem)> SendAsync(LoadRequest request)
    {
        using var leaving = new CancellationTokenSource();
        if (request.Kind == LoadKind.LeaveWhole)
            leaving.CancelAfter(request.LeaveAfter);
        try
        {
            using var content = new ByteArrayContent(request.Body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var path = request.IsChat ? "/v1/chat/completions" : "/v1/completions";
            using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            var started = Stopwatch.GetTimestamp();
            using var response = await http.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, leaving.Token).ConfigureAwait(false);
            var isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
            var answer = isStream
                ? await ReadStreamAsync(request, response, started, leaving.Token).ConfigureAwait(false)
                : await ReadWholeAsync(response, leaving.Token).ConfigureAwait(false);
            return (answer.Ending, Judge(request, isStream, answer));
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return ("left", null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            return ("broken", $"{request.Kind}: {error.GetType().Name}: {error.Message}");
        }
    }

    private static string? Judge(LoadRequest request, bool isStream, LoadAnswer answer)
    {
        var isRight = request.Kind switch
        {
            LoadKind.Whole or LoadKind.Two or LoadKind.LeaveWhole => answer.Ending is "stop" or "length" && !isStream,
            LoadKind.Stream => answer.Ending is "stop" or "length" && isStream,
            LoadKind.LeaveStream => answer.Ending is "left" or "stop" or "length" && isStream,
            LoadKind.Timeout => answer.Ending is "504 timeout" or "length timeout" or "stop timeout" or "stop" or "length",
            LoadKind.LongPrompt => answer.Ending == "400 context_length_exceeded",
            LoadKind.LargeBody => answer.Ending == "413 request_too_large",
            LoadKind.Malformed => answer.Ending.StartsWith("400 ", StringComparison.Ordinal),
            _ => false,
        };
        return isRight ? null : $"{request.Kind}{(request.IsStream ? " (stream)" : "")}: {answer.Ending}: {answer.Detail}";
    }

    private static async Task<LoadAnswer> ReadWholeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        using var json = JsonDocument.Parse(text);
        return response.IsSuccessStatusCode
            ? new(EndingOf(json.RootElement) ?? "unfinished", text)
            : new($"{(int)response.StatusCode} {json.RootElement.GetProperty("error").GetProperty("code").GetString()}", text);
    }

    private async Task<LoadAnswer> ReadStreamAsync(
        LoadRequest request, HttpResponseMessage response, long started, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var reader = new StreamReader(body, Encoding.UTF8);
        var (events, last, ending) = (0, 0L, "unfinished");
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
                continue;
            if (line == "data: [DONE]")
                return new(ending, "");
            using var json = JsonDocument.Parse(line["data: ".Length..]);
            if (json.RootElement.TryGetProperty("error", out _))
                return new("error event", line);
            ending = EndingOf(json.RootElement) ?? ending;
            if (request.Kind == LoadKind.LeaveStream && ++events == request.LeaveAfterEvents)
                return new("left", "");
            if (request.Kind == LoadKind.Stream && HasText(json.RootElement))
            {
                var now = Stopwatch.GetTimestamp();
                var seconds = Stopwatch.GetElapsedTime(last == 0 ? started : last, now).TotalSeconds;
                (last == 0 ? FirstTokenSeconds : InterTokenSeconds).Add(seconds);
                last = now;
            }
        }
        return new("no [DONE]", "");
    }

    /// <summary>The finish reason, with why the server cut the answer short; null in a chunk before the end.</summary>
    private static string? EndingOf(JsonElement answer)
    {
        var choices = answer.GetProperty("choices");
        if (choices.GetArrayLength() == 0)
            return null;
        var reason = choices[0].GetProperty("finish_reason").GetString();
        var cut = answer.TryGetProperty("ayni", out var extension) && extension.TryGetProperty("cut_short", out var why)
            ? " " + why.GetString()
            : "";
        return reason + cut is { Length: > 0 } ending ? ending : null;
    }

    private static bool HasText(JsonElement chunk)
    {
        var choice = chunk.GetProperty("choices")[0];
        return choice.TryGetProperty("text", out var text)
            ? text.GetString() is { Length: > 0 }
            : choice.GetProperty("delta").TryGetProperty("content", out var content) && content.GetString() is { Length: > 0 };
    }

    private sealed record LoadAnswer(string Ending, string Detail);
}
