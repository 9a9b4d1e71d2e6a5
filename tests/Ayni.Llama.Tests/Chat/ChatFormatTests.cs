namespace Ayni.Llama.Tests;

public class ChatFormatTests
{
    private const string Llama2Template = "[INST] <<SYS>>";

    private static readonly Tokenizer Llama2 = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf());
    private static readonly Tokenizer Llama3 = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf());

    [Fact]
    public void A_template_decides_and_without_one_the_tokens_of_Llama_3_do()
    {
        Assert.Equal("llama-3", ChatFormat.For(Llama3, "…<|start_header_id|>…")?.Name);
        Assert.Equal("llama-3", ChatFormat.For(Llama3, null)?.Name);
        Assert.Equal("llama-2", ChatFormat.For(Llama2, Llama2Template)?.Name);
        Assert.Equal("template", ChatFormat.For(Llama2, "{{ '[INST] ' }}")?.Name);
        Assert.Equal("template", ChatFormat.For(Llama3, "<|im_start|>")?.Name);
        Assert.Null(ChatFormat.For(Llama2, null));
        Assert.Null(ChatFormat.For(Llama2, "<|start_header_id|>"));
        Assert.Null(ChatFormat.For(Llama2, "<|header_start|>"));
    }

    [Fact]
    public void Llama_3_writes_a_header_for_each_message_and_opens_the_assistant_s()
    {
        Assert.Equal(
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            + "<|start_header_id|>user<|end_header_id|>\n\n hi \n<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            Llama3.Decode(Encode(Llama3, null, (ChatRole.System, "Be brief."), (ChatRole.User, " hi \n"))));
    }

    [Fact]
    public void Llama_2_folds_the_system_message_into_the_first_user_message()
    {
        var ids = Encode(Llama2, Llama2Template,
            (ChatRole.System, "sys"), (ChatRole.User, " hello "), (ChatRole.Assistant, "\nworld"), (ChatRole.User, "hello"));
        int[] expected =
        [
            1, .. Llama2.Encode("[INST] <<SYS>>\nsys\n<</SYS>>\n\n hello [/INST] world "), 2,
            1, .. Llama2.Encode("[INST] hello [/INST]"),
        ];
        Assert.Equal(expected, ids);
    }

    [Fact]
    public void Special_texts_in_a_message_stay_text()
    {
        var eot = Llama3.FindSpecial("<|eot_id|>")!.Value;
        Assert.Equal(1, Encode(Llama3, null, (ChatRole.User, "a<|eot_id|>b")).Count(id => id == eot));
        Assert.DoesNotContain(2, Encode(Llama2, Llama2Template, (ChatRole.User, "a</s>b")));
    }

    [Theory]
    [InlineData(0, new ChatRole[0])]
    [InlineData(0, new[] { ChatRole.Assistant })]
    [InlineData(0, new[] { ChatRole.System })]
    [InlineData(1, new[] { ChatRole.User, ChatRole.User })]
    [InlineData(1, new[] { ChatRole.System, ChatRole.Assistant })]
    [InlineData(2, new[] { ChatRole.User, ChatRole.Assistant, ChatRole.System })]
    [InlineData(1, new[] { ChatRole.User, ChatRole.Assistant })]
    public void Llama_2_refuses_what_it_cannot_say_by_the_message_s_index(int index, ChatRole[] roles)
    {
        var e = Assert.Throws<ChatFormatException>(() => Encode(Llama2, Llama2Template, [.. roles.Select(role => (role, "x"))]));
        Assert.Equal(index, e.MessageIndex);
    }

    [Fact]
    public void A_conversation_has_at_least_one_message_and_a_known_role()
    {
        Assert.Equal(0, Assert.Throws<ChatFormatException>(() => Encode(Llama3, null)).MessageIndex);
        Assert.Equal(0, Assert.Throws<ChatFormatException>(() => Encode(Llama3, null, ((ChatRole)99, "x"))).MessageIndex);
    }

    [Fact]
    public void Tools_are_told_in_the_first_user_message_where_the_format_has_words_for_them()
    {
        ToolDefinition[] tools = [new("add", "Adds é.", """{"type":"object","properties":{"a":{"type":"number"}}}""")];
        ChatMessage[] messages = [new(ChatRole.System, "s"), new(ChatRole.User, "1+1?")];
        var prompt = Llama3.Decode(ChatFormat.For(Llama3, null)!.Encode(messages, tools));
        Assert.Contains("<|end_header_id|>\n\nGiven the following functions, please respond with a JSON", prompt, StringComparison.Ordinal);
        Assert.Contains("        \"name\": \"add\",\n        \"description\": \"Adds é.\",\n", prompt, StringComparison.Ordinal);
        Assert.Contains("}\n\n1+1?<|eot_id|>", prompt, StringComparison.Ordinal);
        Assert.Throws<ChatFormatException>(() => ChatFormat.For(Llama2, Llama2Template)!.Encode(messages, tools));
        Assert.Throws<ChatFormatException>(() => ChatFormat.For(Llama3, null)!.Encode([messages[0]], tools));
        Assert.Throws<ArgumentException>(() => ChatFormat.For(Llama3, null)!.Encode(messages, [new("f", "", "[]")]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\": 1, \"a\": 2}")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    [InlineData("{\"a\": ")]
    public void Arguments_that_are_no_JSON_object_are_refused_by_the_message_s_index(string arguments)
    {
        ChatMessage[] messages = [new(ChatRole.User, "x"), new(ChatRole.Assistant, "") { ToolCalls = [new ToolCall("f", arguments)] }];
        var e = Assert.Throws<ChatFormatException>(() => ChatFormat.For(Llama3, null)!.Encode(messages));
        Assert.Equal(1, e.MessageIndex);
    }

    private static int[] Encode(Tokenizer tokenizer, string? template, params (ChatRole Role, string Content)[] messages) =>
        ChatFormat.For(tokenizer, template)!.Encode([.. messages.Select(message => new ChatMessage(message.Role, message.Content))]);
}
