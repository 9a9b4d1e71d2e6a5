using System.ClientModel;
using System.Net.Http.Headers;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace Ayni.Cli;

/// <summary>Asks as a customer does: through the official OpenAI client, with nothing but an address and a key.</summary>
internal static class TourClient
{
    /// <summary>Short enough for the smallest contexts.</summary>
    private const int AnswerTokens = 64;

    /// <summary>Streams one answer, then fetches its receipt. Returns the receipt's id.</summary>
    public static async Task<string> AskAsync(
        Uri host, TourCustomer customer, string model, Action<string> write, CancellationToken cancellationToken)
    {
        var client = new ChatClient(model, new ApiKeyCredential(customer.Key), new OpenAIClientOptions { Endpoint = new Uri(host, "v1") });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = AnswerTokens, Temperature = 0 };
        var answerId = "";
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage(customer.Question)], options, cancellationToken)
            .ConfigureAwait(false))
        {
            answerId = update.CompletionId;
            foreach (var part in update.ContentUpdate)
                write(part.Text);
        }
        return await FindReceiptAsync(host, customer.Key, answerId, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<string> FindReceiptAsync(Uri host, string key, string answerId, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = host };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var address = new Uri($"api/receipts/{answerId}", UriKind.Relative);
        var json = await http.GetStringAsync(address, cancellationToken).ConfigureAwait(false);
        using var receipt = JsonDocument.Parse(json);
        return receipt.RootElement.GetProperty("id").GetString()!;
    }
}
