using System.Text;

namespace Ayni.Llama;

/// <summary>
/// A model's own chat template, in the part of Jinja2 that Ayni runs, as a chat format. The rendered text is encoded as one, except that
/// control tokens are found only in what the template itself wrote: each character of a message, a tool or its result is marked through
/// everything the template does with it, and never becomes part of a control token.
/// </summary>
/// <remarks>A template that cannot be read is refused when it is first used, so that a model with one still continues plain text.</remarks>
public sealed class TemplateChatFormat : ChatFormat
{
    private readonly Tokenizer _tokenizer;
    private readonly Lazy<ChatTemplate> _template;
    private readonly TimeProvider _clock;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">The template's source.</param>
    /// <param name="clock">What time it is, for templates that tell the model the date; the system's clock where it is null.</param>
    public TemplateChatFormat(Tokenizer tokenizer, string template, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        _tokenizer = tokenizer;
        _template = new Lazy<ChatTemplate>(() => ChatTemplate.Parse(template));
        _clock = clock ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public override string Name => "template";

    /// <inheritdoc/>
    public override int[] Encode(IReadOnlyList<ChatMessage> messages) => Encode(messages, []);

    /// <inheritdoc/>
    public override int[] Encode(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        return EncodeRendered(Render(messages, tools));
    }

    /// <inheritdoc/>
    public override EncodedConversation EncodeConversation(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        RequireWordsForTools(messages, tools);
        var ids = EncodeRendered(Render(messages, tools, asksForAnswer: false));
        var writers = new int[ids.Length];
        Array.Fill(writers, -1);
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role != ChatRole.Assistant)
                continue;
            if (i == 0)
                throw new ChatFormatException(0, "a conversation to learn from begins with another message than the assistant's");
            var prompt = EncodeRendered(Render([.. messages.Take(i)], tools));
            var turn = i + 1 == messages.Count ? ids : EncodeRendered(Render([.. messages.Take(i + 1)], tools, asksForAnswer: false));
            if (!turn.AsSpan().StartsWith(prompt) || !ids.AsSpan().StartsWith(turn))
            {
                throw new ChatFormatException(
                    i, "the model's template writes this turn otherwise once the conversation goes on, "
                    + "so it can't be told what was answered");
            }
            writers.AsSpan(prompt.Length..turn.Length).Fill(i);
        }
        return new EncodedConversation(ids, writers);
    }

    /// <summary>Refuses a conversation with tools, or with calls of them, that the template passes over without a word.</summary>
    private void RequireWordsForTools(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        var called = messages.Index().Where(entry => entry.Item.ToolCalls.Count > 0).Select(entry => (int?)entry.Index).FirstOrDefault();
        if (tools.Count == 0 && called is null)
            return;
        var whole = Render(messages, tools, asksForAnswer: false).Text;
        if (tools.Count > 0 && Render(messages, [], asksForAnswer: false).Text == whole)
            throw new ChatFormatException(0, "the model's template has no words for tools");
        if (called is { } first
            && Render([.. messages.Select(message => message with { ToolCalls = [] })], tools, asksForAnswer: false).Text == whole)
            throw new ChatFormatException(first, "the model's template has no words for calls of tools");
    }

    private int[] EncodeRendered(MarkedText text)
    {
        var ids = new List<int>();
        AppendMarked(text, ids);
        // Some templates leave it to the tokenizer to open a text.
        if (_tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin } && (ids.Count == 0 || ids[0] != begin))
            ids.Insert(0, begin);
        return [.. ids];
    }

    /// <summary>The conversation as the template writes it.</summary>
    internal MarkedText Render(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools, bool asksForAnswer = true)
    {
        RequireMessages(messages);
        ArgumentNullException.ThrowIfNull(tools);
        var variables = new MappingValue()
            .With("messages", new ListValue([.. messages.Select(ValueOf)]))
            .With("tools", tools.Count == 0
                ? NoneValue.None
                : new ListValue([.. tools.Select(tool => TemplateJson.Read(ToolText.ElementOf(tool)))]))
            .With("documents", NoneValue.None)
            .With("bos_token", TokenText(_tokenizer.BeginOfText))
            .With("eos_token", TokenText(_tokenizer.EndOfText))
            .With("add_generation_prompt", asksForAnswer ? BooleanValue.True : BooleanValue.False);
        try
        {
            return _template.Value.Render(variables, _clock);
        }
        catch (TemplateException e)
        {
            throw new ChatFormatException(messages.Count - 1, e.Message, e);
        }
    }

    /// <summary>Encodes text, finding control tokens in its unmarked runs only.</summary>
    private void AppendMarked(MarkedText text, List<int> ids)
    {
        var plain = 0;
        foreach (var (start, end, marked) in text.Runs())
        {
            var from = start;
            while (!marked && _tokenizer.TryFindControl(text.Text.AsSpan(from..end), out var at, out var length, out var id))
            {
                _tokenizer.Encode(text.Text.AsSpan(plain..(from + at)), ids);
                ids.Add(id);
                plain = from = from + at + length;
            }
        }
        _tokenizer.Encode(text.Text.AsSpan(plain), ids);
    }

    private TextValue TokenText(int? id) =>
        TemplateValue.Text(id is { } known ? Encoding.UTF8.GetString(_tokenizer.BytesOf(known)) : "");

    /// <summary>A message in the form templates expect. Its role is one of four words, so it counts as the template's own text.</summary>
    private static MappingValue ValueOf(ChatMessage message, int index)
    {
        var value = new MappingValue()
            .With("role", TemplateValue.Text(message.Role switch
            {
                ChatRole.System => "system",
                ChatRole.User => "user",
                ChatRole.Assistant => "assistant",
                ChatRole.Tool => "tool",
                _ => throw new ChatFormatException(index, $"there is no role {message.Role}"),
            }))
            .With("content", Outside(message.Content));
        if (message.Name is not null)
            value.With("name", Outside(message.Name));
        if (message.ToolCallId is not null)
            value.With("tool_call_id", Outside(message.ToolCallId));
        if (message.ToolCalls.Count > 0)
            value.With("tool_calls", new ListValue([.. message.ToolCalls.Select(call => ValueOf(call, index))]));
        return value;
    }

    private static MappingValue ValueOf(ToolCall call, int index)
    {
        var value = new MappingValue()
            .With("type", TemplateValue.Text("function"))
            .With("function", new MappingValue()
                .With("name", Outside(call.Name))
                .With("arguments", TemplateJson.Read(call.ParseArguments(index))));
        return call.Id is null ? value : value.With("id", Outside(call.Id));
    }

    private static TextValue Outside(string text) => new(MarkedText.Outside(text));
}
