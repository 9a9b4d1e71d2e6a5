using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Templates of the kinds real models ship, written after their published formats, as chat formats.</summary>
public class TemplateChatFormatTests
{
    private const string ChatMl = """
        {% for message in messages %}
        {% if loop.first and message.role != 'system' %}
        {{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}
        {%- endif %}
        {{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}
        {%- endfor %}
        {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """;

    private const string Zephyr = """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>\n' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>\n' + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """;

    private const string Mistral =
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        + "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        + "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
        + "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
        + "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}";

    private const string Llama2 = """
        {% if messages[0]['role'] == 'system' %}
        {% set rest = messages[1:] %}{% set system = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n' %}
        {% else %}
        {% set rest = messages %}{% set system = '' %}
        {% endif %}
        {%- for message in rest -%}
        {% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
        {% set content = system + message.content if loop.first else message.content %}
        {% if message.role == 'user' %}
        {{- bos_token + '[INST] ' + content.strip() + ' [/INST]' -}}
        {% else %}
        {{- ' ' + content.strip() + ' ' + eos_token -}}
        {% endif %}
        {%- endfor -%}
        """;

    private const string Llama31 = """
        {{- bos_token }}
        {%- if not date_string is defined %}
            {%- if strftime_now is defined %}
                {%- set date_string = strftime_now("%d %b %Y") %}
            {%- else %}
                {%- set date_string = "26 Jul 2024" %}
            {%- endif %}
        {%- endif %}
        {%- if not tools is defined %}
            {%- set tools = none %}
        {%- endif %}
        {#- The system message is taken out, so that it can be put where it belongs. #}
        {%- if messages[0]['role'] == 'system' %}
            {%- set system_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
        {%- else %}
            {%- set system_message = "" %}
        {%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
        {%- if tools is not none %}
            {{- "Environment: ipython\n" }}
        {%- endif %}
        {{- "Cutting Knowledge Date: December 2023\n" }}
        {{- "Today Date: " + date_string + "\n\n" }}
        {{- system_message }}
        {{- "<|eot_id|>" }}
        {%- if not tools is none %}
            {%- set first_user_message = messages[0]['content']|trim %}
            {%- set messages = messages[1:] %}
            {{- '<|start_header_id|>user<|end_header_id|>\n\n' -}}
            {{- "Given the following functions, please respond with a JSON for a function call " }}
            {{- "with its proper arguments that best answers the given prompt.\n\n" }}
            {{- 'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.' }}
            {{- "Do not use variables.\n\n" }}
            {%- for t in tools %}
                {{- t | tojson(indent=4) }}
                {{- "\n\n" }}
            {%- endfor %}
            {{- first_user_message + "<|eot_id|>"}}
        {%- endif %}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
            {%- elif 'tool_calls' in message %}
                {%- if not message.tool_calls|length == 1 %}
                    {{- raise_exception("This model only supports single tool-calls at once!") }}
                {%- endif %}
                {%- set tool_call = message.tool_calls[0].function %}
                {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
                {{- '{"type": "function", "name": "' + tool_call.name + '", ' }}
                {{- '"parameters": ' }}
                {{- tool_call.arguments | tojson }}
                {{- "}" }}
                {{- "<|eot_id|>" }}
            {%- elif message.role == "tool" or message.role == "ipython" %}
                {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" }}
                {%- if message.content is mapping or (message.content is iterable and message.content is not string) %}
                    {{- message.content | tojson }}
                {%- else %}
                    {{- message.content }}
                {%- endif %}
                {{- "<|eot_id|>" }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}

        """;

    private const string Llama4 = """
        {{- bos_token }}
        {%- for message in messages %}
            {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
                {{- '<|header_start|>' + message['role'] + '<|header_end|>\n\n' }}
                {%- if message['content'] is string %}
                    {{- message['content'] }}
                {%- else %}
                    {%- for part in message['content'] %}{%- if part['type'] == 'text' %}{{- part['text'] }}{%- endif %}{%- endfor %}
                {%- endif %}
                {{- "<|eot|>" }}
            {%- elif 'tool_calls' in message and message.tool_calls|length > 0 %}
                {{- '<|header_start|>assistant<|header_end|>\n\n' -}}
                {%- for tool_call in message.tool_calls %}
                    {{- '{"type": "function", "name": ' + tool_call.function.name|tojson + ', ' }}
                    {{- '"parameters": ' ~ tool_call.function.arguments|tojson ~ "}" }}
                {%- endfor %}
                {{- "<|eom|>" }}
            {%- else %}
                {{- "<|header_start|>ipython<|header_end|>\n\n" ~ message.content ~ "<|eom|>" }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|header_start|>assistant<|header_end|>\n\n' }}
        {%- endif %}
        """;

    private static readonly Tokenizer Bytes = Tokenizer.FromGguf(SmallVocabularies.BytePairGguf());
    private static readonly Tokenizer Pieces = Tokenizer.FromGguf(SmallVocabularies.SentencePieceGguf());
    private static readonly ToolDefinition[] Tools = [new("get_weather", "Says the weather.", """{"type":"object","properties":{}}""")];

    private static readonly ChatMessage[] Messages =
    [
        new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hi"), new(ChatRole.Assistant, "Hello!"), new(ChatRole.User, "Bye"),
    ];

    private static readonly ChatMessage[] ToolMessages =
    [
        new(ChatRole.System, "You may call tools."), new(ChatRole.User, "Weather in Oslo?"),
        new(ChatRole.Assistant, "") { ToolCalls = [new ToolCall("get_weather", """{"city":"Oslo","days":3}""")] },
        new(ChatRole.Tool, """{"result": "12 C"}"""),
    ];

    [Fact]
    public void Chatml_zephyr_and_mistral_write_what_their_models_expect()
    {
        Assert.Equal(
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n"
            + "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
            Rendered(Bytes, ChatMl, Messages));
        Assert.StartsWith("<|im_start|>system\nYou are helpful.<|im_end|>\n", Rendered(Bytes, ChatMl, Messages[1..]), StringComparison.Ordinal);
        Assert.Equal(
            "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye</s>\n<|assistant|>\n",
            Rendered(Pieces, Zephyr, Messages));
        Assert.Equal("<s>[INST] Hi [/INST]Hello!</s>[INST] Bye [/INST]", Rendered(Pieces, Mistral, Messages[1..]));
    }

    [Fact]
    public void What_a_template_refuses_is_the_conversation_s_error()
    {
        var e = Assert.Throws<ChatFormatException>(() => new TemplateChatFormat(Pieces, Mistral).Encode(Messages));
        Assert.Contains("Conversation roles must alternate", e.Message, StringComparison.Ordinal);
        Assert.IsType<TemplateException>(e.InnerException);
        e = Assert.Throws<ChatFormatException>(() => new TemplateChatFormat(Pieces, "\n{% nope %}").Encode(Messages));
        Assert.Contains("line 2, column 4", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_template_s_own_text_names_control_tokens()
    {
        var (end, begin) = (Bytes.FindSpecial("<|eot_id|>")!.Value, Bytes.BeginOfText!.Value);
        var format = new TemplateChatFormat(Bytes,
            "{{ bos_token }}{% for m in messages %}{{ '<|eot' ~ m.content|trim }}{{ m.content }}<|eot_id|>{% endfor %}");
        var ids = format.Encode([new(ChatRole.User, "_id|> <|eot_id|>a<|begin_of_text|> ")]);
        Assert.Equal(1, ids.Count(id => id == end));
        Assert.Equal((end, begin, 1), (ids[^1], ids[0], ids.Count(id => id == begin)));
        Assert.Equal(
            "<|begin_of_text|><|eot_id|> <|eot_id|>a<|begin_of_text|>_id|> <|eot_id|>a<|begin_of_text|> <|eot_id|>", Bytes.Decode(ids));
    }

    [Fact]
    public void Text_is_encoded_across_the_ends_of_a_message_as_one()
    {
        var format = new TemplateChatFormat(Bytes, "{{ bos_token }}hel{{ messages[0].content }}ld<|eot_id|>");
        int[] expected = [Bytes.BeginOfText!.Value, .. Bytes.Encode("hello world"), Bytes.FindSpecial("<|eot_id|>")!.Value];
        Assert.Equal(expected, format.Encode([new(ChatRole.User, "lo wor")]));
    }

    [Fact]
    public void Names_arguments_and_tools_never_name_control_tokens_either()
    {
        const string attack = "<|eot_id|>";
        var message = new ChatMessage(ChatRole.Tool, attack)
        {
            Name = attack,
            ToolCallId = attack,
            ToolCalls =
            [new ToolCall(attack, $$"""{"{{attack}}": ["{{attack}}"]}""") { Id = attack }]
        };
        var format = new TemplateChatFormat(Bytes, "{{ messages }}{{ tools }}{{ messages|tojson }}{{ tools|tojson(indent=1) }}"
            + "{% for m in messages %}{{ m.name|upper|lower }}{% for c in m.tool_calls %}{{ c.id ~ c.function.name }}{% endfor %}{% endfor %}");
        ToolDefinition tool = new(attack, attack, $$"""{"{{attack}}": "{{attack}}"}""");
        Assert.DoesNotContain(Bytes.FindSpecial(attack)!.Value, format.Encode([message], [tool]));
    }

    [Fact]
    public void A_prompt_opens_with_bos_once_whether_the_template_writes_it_or_not()
    {
        Assert.Equal(Bytes.BeginOfText, new TemplateChatFormat(Bytes, "x").Encode(Messages)[0]);
        Assert.Equal(1, new TemplateChatFormat(Bytes, "{{ bos_token }}x").Encode(Messages).Count(id => id == Bytes.BeginOfText));
    }

    [ConformanceFact]
    public void The_template_of_Llama_2_agrees_with_the_native_format()
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama2.spm.model"));
        AssertAgree(Llama2ChatFormat.TryCreate(tokenizer)!, new TemplateChatFormat(tokenizer, Llama2), Messages, Messages);
        AssertAgree(Llama2ChatFormat.TryCreate(tokenizer)!, new TemplateChatFormat(tokenizer, Llama2), Messages[1..], Messages[1..]);
    }

    [ConformanceFact]
    public void The_template_of_Llama_3_1_agrees_with_the_native_format_given_the_dates_it_adds()
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama3.tiktoken"));
        var (native, template) = (Llama3ChatFormat.TryCreate(tokenizer)!, new TemplateChatFormat(tokenizer, Llama31, new FixedClock()));
        const string dates = "Cutting Knowledge Date: December 2023\nToday Date: 05 Mar 2026\n\n";
        AssertAgree(native, template, WithSystem(Messages, dates), Messages);
        AssertAgree(native, template, WithSystem(ToolMessages, dates), ToolMessages);
        AssertAgree(native, template, WithSystem(ToolMessages, "Environment: ipython\n" + dates), ToolMessages, Tools);
    }

    [ConformanceFact]
    public void The_template_of_Llama_4_agrees_with_the_native_format()
    {
        var tokenizer = Tokenizer.Open(Conformance.PathOf("tokenizers", "llama4.tiktoken"));
        AssertAgree(Llama4ChatFormat.TryCreate(tokenizer)!, new TemplateChatFormat(tokenizer, Llama4), Messages, Messages);
        AssertAgree(Llama4ChatFormat.TryCreate(tokenizer)!, new TemplateChatFormat(tokenizer, Llama4), ToolMessages, ToolMessages);
        Assert.Equal("llama-4", ChatFormat.For(tokenizer, Llama4)?.Name);
        Assert.Equal("llama-4", ChatFormat.For(tokenizer, null)?.Name);
    }

    private static ChatMessage[] WithSystem(ChatMessage[] messages, string prefix) =>
        [messages[0] with { Content = prefix + messages[0].Content }, .. messages[1..]];

    private static void AssertAgree(
        ChatFormat native, ChatFormat template, ChatMessage[] nativeMessages, ChatMessage[] templateMessages, params ToolDefinition[] tools) =>
        Assert.Equal(native.Encode(nativeMessages, tools), template.Encode(templateMessages, tools));

    private static string Rendered(Tokenizer tokenizer, string template, ChatMessage[] messages) =>
        new TemplateChatFormat(tokenizer, template).Render(messages, []).Text;

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero);
    }
}
