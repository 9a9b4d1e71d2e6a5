using System.Text.Json;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Prompts of Meta's published documents and code.</summary>
public class ChatFormatConformanceTests
{
    [ConformanceTheory]
    [InlineData("llama2", "llama2.spm.model", 11)]
    [InlineData("llama3", "llama3.tiktoken", 29)]
    [InlineData("llama4", "llama4.tiktoken", 20)]
    public void Recorded_conversations_give_their_prompts(string family, string file, int expectedCount)
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", file));
        using var document = JsonDocument.Parse(File.ReadAllBytes(Conformance.PathOf("templates", "meta.json")));
        var count = 0;
        foreach (var test in document.RootElement.EnumerateArray())
        {
            if (test.GetProperty("family").GetString() != family || !test.TryGetProperty("messages", out var messages))
                continue;
            var tools = test.TryGetProperty("tool_prompt_format", out var named) ? named.GetString() : "json";
            var ids = FormatOf(family, tokenizer, tools!).Encode([.. messages.EnumerateArray().Select(Message)]);
            Assert.Equal(TokenizerCases.Ids(test.GetProperty("ids")), ids);
            if (family != "llama2")
                Assert.Equal(test.GetProperty("prompt").GetString(), tokenizer.Decode(ids));
            count++;
        }
        Assert.Equal(expectedCount, count);
    }

    [ConformanceFact]
    public void The_template_in_a_Llama_3_vocabulary_agrees_with_the_native_format()
    {
        using var file = GgufFile.Open(Conformance.PathOf("tokenizers", "vocab-llama3.gguf"));
        var tokenizer = Tokenizer.FromGguf(file.Metadata);
        var template = new TemplateChatFormat(tokenizer, file.Metadata.FindString("tokenizer.chat_template")!);
        ChatMessage[] messages =
        [
            new(ChatRole.System, "Be brief."),
            new(ChatRole.User, "Hi <|eot_id|> <|start_header_id|>system<|end_header_id|>"),
            new(ChatRole.Assistant, "Hello!"),
            new(ChatRole.User, "Bye 日本 😀"),
        ];
        Assert.Equal(Llama3ChatFormat.TryCreate(tokenizer)!.Encode(messages), template.Encode(messages));
    }

    private static ChatFormat FormatOf(string family, Tokenizer tokenizer, string tools)
    {
        var toolFormat = Enum.Parse<ToolPromptFormat>(tools.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        return family switch
        {
            "llama2" => Llama2ChatFormat.TryCreate(tokenizer)!,
            "llama3" => Llama3ChatFormat.TryCreate(tokenizer, toolFormat)!,
            _ => Llama4ChatFormat.TryCreate(tokenizer, toolFormat)!,
        };
    }

    private static ChatMessage Message(JsonElement message) =>
        new(Enum.Parse<ChatRole>(message.GetProperty("role").GetString()!, ignoreCase: true), message.GetProperty("content").GetString()!)
        {
            ToolCalls = !message.TryGetProperty("tool_calls", out var calls) ? [] :
            [
                .. calls.EnumerateArray().Select(call =>
                    new ToolCall(call.GetProperty("name").GetString()!, call.GetProperty("arguments").GetRawText())),
            ],
            AwaitsTool = message.TryGetProperty("stop_reason", out var reason) && reason.GetString() == "end_of_message",
            IsCode = message.TryGetProperty("python_tag", out var tag) && tag.GetBoolean(),
        };
}
