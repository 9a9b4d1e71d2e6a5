using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>What is learned as an answer begins where a model is asked for one, in every kind of chat format.</summary>
public sealed class ConversationTests
{
    private const string MarkedTurns =
        "{{ bos_token }}{% for message in messages %}{{ '<' + message['role'] + '>' + message['content'] + '</s>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";

    // Says of the last answer that it is the last.
    private const string ChangingTurns =
        "{{ bos_token }}{% for message in messages %}{{ ('!' if loop.last else '') + message['content'] }}{% endfor %}";

    private static readonly ChatMessage[] Messages =
    [
        new(ChatRole.System, "be brief"), new(ChatRole.User, "hello"), new(ChatRole.Assistant, "hi there"), new(ChatRole.User, "and"),
        new(ChatRole.Assistant, "no more"),
    ];

    [Theory]
    [InlineData("llama-2", null, "hi there ", "no more ")]
    [InlineData("template", MarkedTurns, "hi there", "no more")]
    public void Answers_begin_where_prompts_end(string name, string? template, string first, string second)
    {
        using var file = new TemporaryModel(template is null ? new TinyModel() : new TinyModel { ChatTemplate = template });
        using var source = ModelSource.Open(file.Path);
        var tokenizer = source.ReadTokenizer()!;
        var format = ChatFormat.For(tokenizer, source.ChatTemplate)!;
        Assert.Equal(name, format.Name);
        var conversation = format.EncodeConversation(Messages, []);
        Assert.Equal(conversation.Ids.Length, conversation.Writers.Length);
        Assert.Equal([-1, 2, 4], conversation.Writers.Distinct().Order());
        foreach (var (answer, text) in (ReadOnlySpan<(int, string)>)[(2, first), (4, second)])
        {
            var start = Array.IndexOf(conversation.Writers, answer);
            var ids = conversation.Ids.Where((_, place) => conversation.Writers[place] == answer).ToArray();
            Assert.Equal(format.Encode(Messages[..answer]), conversation.Ids[..start]);
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecial: true).TrimStart());
            Assert.Equal(tokenizer.EndOfText, ids[^1]);
        }
    }

    [Fact]
    public void A_template_that_writes_turns_otherwise_later_is_refused()
    {
        using var file = new TemporaryModel(new TinyModel { ChatTemplate = ChangingTurns });
        using var source = ModelSource.Open(file.Path);
        var format = ChatFormat.For(source.ReadTokenizer()!, source.ChatTemplate)!;
        var error = Assert.Throws<ChatFormatException>(() => format.EncodeConversation(Messages, []));
        Assert.Contains("writes this turn otherwise", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_model_has_nothing_to_learn_conversations_with()
    {
        using var file = new TemporaryModel(new TinyModel { ChatTemplate = null });
        using var source = ModelSource.Open(file.Path);
        var tokenizer = new TrainingTokenizer(TokenizerDescription.Of(source)!, null);
        Assert.Contains(
            "no chat format", Assert.Throws<ChatFormatException>(() => tokenizer.Encode(Messages, [], _ => true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_asks_for_the_day_is_told_the_same_one_whenever_data_are_read()
    {
        using var file = new TemporaryModel(new TinyModel { ChatTemplate = "{{ strftime_now('%d %b %Y %H:%M') }}" + MarkedTurns });
        using var source = ModelSource.Open(file.Path);
        var tokenizer = new TrainingTokenizer(TokenizerDescription.Of(source)!, source.ChatTemplate);
        var text = source.ReadTokenizer()!.Decode(tokenizer.Encode(Messages, [], _ => true).Ids);
        Assert.Contains("26 Jul 2024 00:00", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Tools_stand_before_what_is_learned_and_calls_of_them_are_learned()
    {
        var tokenizer = Corpus.Vocabulary.Tokenizer;
        var format = ChatFormat.For(tokenizer, null)!;
        ToolDefinition[] tools = [new("weather", "Says the weather.", """{"type":"object","properties":{}}""")];
        ChatMessage[] messages =
        [
            new(ChatRole.User, "How is Cusco?"), new(ChatRole.Assistant, "") { ToolCalls = [new("weather", """{"city":"Cusco"}""")] },
            new(ChatRole.Tool, "12 degrees"), new(ChatRole.Assistant, "Cool."),
        ];
        var conversation = format.EncodeConversation(messages, tools);
        foreach (var (answer, text) in (ReadOnlySpan<(int, string)>)[
            (1, """{"type": "function", "name": "weather", "parameters": {"city": "Cusco"}}<|eot_id|>"""), (3, "Cool.<|eot_id|>")])
        {
            Assert.Equal(format.Encode(messages[..answer], tools), conversation.Ids[..Array.IndexOf(conversation.Writers, answer)]);
            Assert.Equal(text, tokenizer.Decode([.. conversation.Ids.Where((_, place) => conversation.Writers[place] == answer)]));
        }
    }

    [Fact]
    public void A_format_without_words_for_tools_refuses_them_rather_than_to_leave_them_out()
    {
        ToolDefinition[] tools = [new("f", "", "{}")];
        ChatMessage[] calls = [new(ChatRole.User, "a"), new(ChatRole.Assistant, "b") { ToolCalls = [new("f", "{}")] }];
        foreach (var template in (string?[])[null, MarkedTurns])
        {
            using var file = new TemporaryModel(template is null ? new TinyModel() : new TinyModel { ChatTemplate = template });
            using var source = ModelSource.Open(file.Path);
            var format = ChatFormat.For(source.ReadTokenizer()!, source.ChatTemplate)!;
            Assert.Contains("no words for tools", Refused(Messages, tools).Message, StringComparison.Ordinal);
            var error = Refused(calls, []);
            Assert.Contains("no words for calls of tools", error.Message, StringComparison.Ordinal);
            Assert.Equal(1, error.MessageIndex);

            ChatFormatException Refused(ChatMessage[] messages, ToolDefinition[] some) =>
                Assert.Throws<ChatFormatException>(() => format.EncodeConversation(messages, some));
        }
    }
}
