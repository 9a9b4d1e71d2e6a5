using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary>Asks a host as any customer does, and fetches the receipt.</summary>
internal sealed class CanaryClient : IDisposable
{
    private const int MostAnswerBytes = 8 << 20;

    private readonly HttpClient _http;

    public CanaryClient(Uri host, string key)
    {
        // A key goes where its holder sends it, and nowhere else.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = host,
            Timeout = TimeSpan.FromMinutes(10),
            MaxResponseContentBufferSize = MostAnswerBytes,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Asks once. Throws <see cref="UsageException"/> if the host does not answer.</summary>
    public async Task<Canary> AskAsync(string model, string prompt, int mostTokens, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var answer = await ReadAsync(
            () => _http.PostAsync(
                "v1/chat/completions", new StringContent(Question(model, prompt, mostTokens), Encoding.UTF8, "application/json"), cancellationToken),
            cancellationToken).ConfigureAwait(false)
            ?? throw new UsageException("The host knows no /v1/chat/completions.");
        using var json = Parse(answer);
        try
        {
            var usage = json.RootElement.GetProperty("usage");
            var id = json.RootElement.GetProperty("id").GetString()!;
            var receipt = await ReadAsync(
                () => _http.GetAsync(new Uri($"api/receipts/{Uri.EscapeDataString(id)}", UriKind.Relative), cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            return new(
                now, model, usage.GetProperty("prompt_tokens").GetInt64(), usage.GetProperty("completion_tokens").GetInt64(), receipt ?? "");
        }
        catch (Exception error) when (error is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new UsageException("The host's answer is no chat completion with its usage.");
        }
    }

    private static string Question(string model, string prompt, int mostTokens)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("model", model);
            writer.WriteNumber("max_tokens", mostTokens);
            writer.WriteStartArray("messages");
            writer.WriteStartObject();
            writer.WriteString("role", "user");
            writer.WriteString("content", prompt);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static JsonDocument Parse(string answer)
    {
        try
        {
            return JsonDocument.Parse(answer);
        }
        catch (JsonException)
        {
            throw new UsageException("The host's answer is no JSON.");
        }
    }

    /// <summary>The body of an answer; null for 404.</summary>
    private static async Task<string?> ReadAsync(Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await send().ConfigureAwait(false);
            var body = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == System.Net.HttpStatusCode.NotFound)
                return null;
            return response.IsSuccessStatusCode
                ? body
                : throw new UsageException($"The host answers {(int)response.StatusCode}: {TerminalText.Clean(body[..Math.Min(body.Length, 300)])}");
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new UsageException($"The host can't be asked ({error.Message}).");
        }
    }
}
