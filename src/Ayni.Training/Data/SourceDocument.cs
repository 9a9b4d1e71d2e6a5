using System.Text;
using System.Text.Json.Nodes;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>A document as a source has it, before it becomes tokens. Immutable.</summary>
internal abstract record SourceDocument
{
    /// <summary>All its texts, in their order.</summary>
    public abstract IEnumerable<string> Texts { get; }

    /// <summary>The document with every text of it changed.</summary>
    public abstract SourceDocument Change(Func<string, string> change);

    /// <summary>Its tokens.</summary>
    /// <exception cref="ChatFormatException">The model's chat format can't say it, or the model has none.</exception>
    public abstract TokenizedDocument Encode(TrainingTokenizer tokenizer);

    /// <summary>The bytes that are hashed: what the document says, however its file has written it.</summary>
    public abstract byte[] NormalForm();
}

/// <summary>A text. Its normal form: the line <c>text</c>, then the text in UTF-8 as it is.</summary>
internal sealed record TextDocument(string Text) : SourceDocument
{
    public override IEnumerable<string> Texts => [Text];

    public override SourceDocument Change(Func<string, string> change) => new TextDocument(change(Text));

    public override TokenizedDocument Encode(TrainingTokenizer tokenizer) => tokenizer.Encode(Text);

    public override byte[] NormalForm() => Encoding.UTF8.GetBytes("text\n" + Text);
}

/// <summary>
/// A conversation. Its normal form: the line <c>chat</c>, then <c>{"messages":[…]}</c> as <see cref="CanonicalJson"/> writes it. A message
/// has <c>content</c> and <c>role</c> (system, user, assistant, tool), and where they are given <c>name</c>, <c>tool_call_id</c> and
/// <c>tool_calls</c> (<c>arguments</c>, <c>id</c>, <c>name</c>), and <c>weight</c> where an assistant's is 0. Where there are tools,
/// <c>tools</c> follow: <c>description</c>, <c>name</c> and <c>parameters</c>, a text with the schema as JSON without spaces.
/// </summary>
internal sealed record ConversationDocument(ChatLine Conversation) : SourceDocument
{
    /// <summary>What was said. Tools are no part of it: many conversations have the same, and are not alike because of them.</summary>
    public override IEnumerable<string> Texts =>
        Conversation.Messages.SelectMany(message => message.ToolCalls.Select(call => call.Arguments).Prepend(message.Content));

    public override SourceDocument Change(Func<string, string> change) => new ConversationDocument(Conversation with
    {
        Messages =
        [
            .. Conversation.Messages.Select(message => message with
            {
                Content = change(message.Content),
                ToolCalls = [.. message.ToolCalls.Select(call => call with { Arguments = change(call.Arguments) })],
            }),
        ],
        Tools =
        [
            .. Conversation.Tools.Select(tool => tool with
            {
                Description = change(tool.Description),
                Parameters = change(tool.Parameters),
            }),
        ],
    });

    public override TokenizedDocument Encode(TrainingTokenizer tokenizer) =>
        tokenizer.Encode(Conversation.Messages, Conversation.Tools, index => Conversation.IsLearned[index]);

    public override byte[] NormalForm()
    {
        var messages = new JsonArray([.. Conversation.Messages.Select((message, i) => (JsonNode)ToJson(message, Conversation.IsLearned[i]))]);
        var conversation = new JsonObject { ["messages"] = messages };
        if (Conversation.Tools.Count > 0)
            conversation["tools"] = new JsonArray([.. Conversation.Tools.Select(tool => (JsonNode)ToJson(tool))]);
        return [.. "chat\n"u8, .. CanonicalJson.Write(conversation)];
    }

    private static JsonObject ToJson(ChatMessage message, bool isLearned)
    {
        var json = new JsonObject { ["role"] = message.Role.ToString().ToLowerInvariant(), ["content"] = message.Content };
        if (message.Name is { } name)
            json["name"] = name;
        if (message.ToolCallId is { } answers)
            json["tool_call_id"] = answers;
        if (message.ToolCalls.Count > 0)
            json["tool_calls"] = new JsonArray([.. message.ToolCalls.Select(call => (JsonNode)ToJson(call))]);
        if (message.Role == ChatRole.Assistant && !isLearned)
            json["weight"] = 0;
        return json;
    }

    private static JsonObject ToJson(ToolDefinition tool) =>
        new() { ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = tool.Parameters };

    private static JsonObject ToJson(ToolCall call)
    {
        var json = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments };
        if (call.Id is { } id)
            json["id"] = id;
        return json;
    }
}
