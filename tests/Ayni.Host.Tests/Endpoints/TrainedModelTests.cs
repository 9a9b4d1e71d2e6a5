using Ayni.Tests;
using OpenAI.Chat;

namespace Ayni.Host.Tests;

/// <summary>A model that learned to write, behind the official client.</summary>
public sealed class TrainedModelTests
{
    [ConformanceFact]
    public async Task A_base_model_converses_in_English_letters_and_its_receipt_names_its_file()
    {
        var path = Conformance.PathOf("models", "bard", "bard.gguf");
        await using var test = await TestHost.StartAsync(configure: options => options with { ModelPath = path });
        var client = test.OpenAI().GetChatClient("bard");
        var text = "";
        await foreach (var update in client.CompleteChatStreamingAsync(
            [new UserChatMessage("To be, or not to be?")], new ChatCompletionOptions { MaxOutputTokenCount = 40, Temperature = 0 }))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.True(text.Count(char.IsAsciiLetter) > text.Length / 2, text);

        var receipt = Assert.Single(test.Books.ListReceipts(new()).Receipts);
        var digest = System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(path));
        Assert.Equal(Convert.ToHexStringLower(digest), receipt.ModelDigest.ToString());
    }
}
