namespace Ayni.Llama.Tests;

public class ChatFormatTests
{
    private static readonly Tokenizer Llama2 = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf());
    private static readonly Tokenizer Llama3 = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf());

    [Fact]
    public void A_template_decides_and_without_one_the_tokens_of_Llama_3_do()
    {
        Assert.Equal("llama-3", ChatFormat.For(Llama3, "…<|start_header_id|>…")?.Name);
        Assert.Equal("llama-3", ChatFormat.For(Llama3, null)?.Name);
        Assert.Equal("llama-2", ChatFormat.For(Llama2, "{{ '[INST] ' }}")?.Name);
        Assert.Null(ChatFormat.For(Llama2, null));
        Assert.Null(ChatFormat.For(Llama3, "<|im_start|>"));
        Assert.Null(ChatFormat.For(Llama2, "<|start_header_id|>"));
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
        var ids = Encode(Llama2, "[INST]",
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
        Assert.DoesNotContain(2, Encode(Llama2, "[INST]", (ChatRole.User, "a</s>b")));
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
        var e = Assert.Throws<ChatFormatException>(() => Encode(Llama2, "[INST]", [.. roles.Select(role => (role, "x"))]));
        Assert.Equal(index, e.MessageIndex);
    }

    [Fact]
    public void A_conversation_has_at_least_one_message_and_a_known_role()
    {
        Assert.Equal(0, Assert.Throws<ChatFormatException>(() => Encode(Llama3, null)).MessageIndex);
        Assert.Equal(0, Assert.Throws<ChatFormatException>(() => Encode(Llama3, null, ((ChatRole)99, "x"))).MessageIndex);
    }

    private static int[] Encode(Tokenizer tokenizer, string? template, params (ChatRole Role, string Content)[] messages) =>
        ChatFormat.For(tokenizer, template)!.Encode([.. messages.Select(message => new ChatMessage(message.Role, message.Content))]);
}
