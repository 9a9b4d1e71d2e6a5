using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Prompts of Meta's published documents and code, without tools.</summary>
public class ChatFormatConformanceTests
{
    [ConformanceTheory]
    [InlineData("llama2", "llama2.spm.model", "[INST]", 11)]
    [InlineData("llama3", "llama3.tiktoken", "<|start_header_id|>", 20)]
    public void Recorded_conversations_give_their_prompts(string family, string file, string template, int expectedCount)
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", file));
        var format = ChatFormat.For(tokenizer, template)!;
        using var document = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("templates", "meta.json")));
        var count = 0;
        foreach (var test in document.RootElement.EnumerateArray())
        {
            if (test.GetProperty("family").GetString() != family || Messages(test) is not { } messages)
                continue;
            Assert.Equal(TokenizerCases.Ids(test.GetProperty("ids")), format.Encode(messages));
            if (family == "llama3")
                Assert.Equal(test.GetProperty("prompt").GetString(), tokenizer.Decode(format.Encode(messages)));
            count++;
        }
        Assert.Equal(expectedCount, count);
    }

    /// <summary>The case's messages, or null where it is a base model's or speaks of tools.</summary>
    private static ChatMessage[]? Messages(JsonElement test)
    {
        if (!test.TryGetProperty("messages", out var messages))
            return null;
        var plain = messages.EnumerateArray().All(message =>
            message.EnumerateObject().Count() == 2 && message.GetProperty("role").GetString() != "tool");
        return !plain ? null :
        [
            .. messages.EnumerateArray().Select(message => new ChatMessage(
                Enum.Parse<ChatRole>(message.GetProperty("role").GetString()!, ignoreCase: true),
                message.GetProperty("content").GetString()!)),
        ];
    }
}
