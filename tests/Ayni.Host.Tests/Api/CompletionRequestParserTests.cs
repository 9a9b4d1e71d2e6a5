using System.Text;
using Ayni.Llama;

namespace Ayni.Host.Tests;

/// <summary>What the two completion endpoints accept, and by which field's name they refuse the rest.</summary>
public sealed class CompletionRequestParserTests
{
    private const string Hello = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

    [Fact]
    public void A_chat_request_is_read_with_every_field_honoured()
    {
        var request = ParseChat("""
            {"model":"m","messages":[
               {"role":"developer","content":"Be brief."},
               {"role":"user","name":"Ann","content":[{"type":"text","text":"Hel"},{"type":"text","text":"lo"}]},
               {"role":"assistant","content":"Hi","refusal":null},
               {"role":"user","content":"Tab\tline\nend"}],
             "max_completion_tokens":7,"temperature":0.5,"top_p":0.9,"seed":-3,"stop":["a","b"],"stream":true,
             "stream_options":{"include_usage":true},"user":"u1","n":1,"unknown_field":{"deep":[1,2]}}
            """);

        Assert.Equal("m", request.Model);
        Assert.Equal(
            [
                new ChatMessage(ChatRole.System, "Be brief."), new(ChatRole.User, "Hello"), new(ChatRole.Assistant, "Hi"),
                new(ChatRole.User, "Tab\tline\nend"),
            ],
            Assert.IsType<CompletionInput.Conversation>(request.Input).Messages.ToArray());
        Assert.Equal(7, request.MaxTokens);
        Assert.Equal(new SamplingParameters { Temperature = 0.5, TopP = 0.9, Seed = -3 }, request.Sampling);
        Assert.Equal(["a", "b"], request.Stop.ToArray());
        Assert.True(request.Stream);
        Assert.True(request.IncludeUsage);
    }

    [Fact]
    public void Absent_and_null_fields_have_OpenAI_defaults()
    {
        var request = ParseChat(
            $$"""{"model":"m",{{Hello}},"temperature":null,"stop":null,"stream":null,"max_tokens":null,"seed":null,"n":null}""");
        Assert.Equal(new SamplingParameters { Temperature = 1, TopP = 1, Seed = null }, request.Sampling);
        Assert.Null(request.MaxTokens);
        Assert.Empty(request.Stop);
        Assert.False(request.Stream);
        Assert.False(request.IncludeUsage);
    }

    [Theory]
    [InlineData("\"Once\"", "Once")]
    [InlineData("[\"Once\"]", "Once")]
    [InlineData("\"\"", "")]
    public void A_prompt_may_be_a_text(string prompt, string expected) =>
        Assert.Equal(expected, Assert.IsType<CompletionInput.Text>(ParseText($$"""{"model":"m","prompt":{{prompt}}}""").Input).Value);

    [Theory]
    [InlineData("[1,2,3]")]
    [InlineData("[[1,2,3]]")]
    public void A_prompt_may_be_token_ids(string prompt)
    {
        var request = ParseText($$"""{"model":"m","prompt":{{prompt}}}""");
        Assert.Equal([1, 2, 3], Assert.IsType<CompletionInput.Tokens>(request.Input).Ids.ToArray());
    }

    [Fact]
    public void The_newer_name_of_the_token_limit_wins() =>
        Assert.Equal(5, ParseChat($$"""{"model":"m",{{Hello}},"max_tokens":9,"max_completion_tokens":5}""").MaxTokens);

    [Fact]
    public void Everything_that_steers_sampling_is_read()
    {
        var sampling = ParseChat($$"""
            {"model":"m",{{Hello}},"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"frequency_penalty":-0.5,"presence_penalty":1.5,
             "repetition_penalty":1.1,"logit_bias":{"5":-100,"70":2.5},"seed":-3}
            """).Sampling;
        Assert.Equal((0.5, 0.9, 40, 0.05), (sampling.Temperature, sampling.TopP, sampling.TopK, sampling.MinP));
        Assert.Equal((-0.5, 1.5, 1.1, -3), (sampling.FrequencyPenalty, sampling.PresencePenalty, sampling.RepetitionPenalty, sampling.Seed));
        Assert.Equal([(5, -100.0), (70, 2.5)], sampling.LogitBias.OrderBy(bias => bias.Key).Select(bias => (bias.Key, bias.Value)));
        Assert.Equal(0, ParseChat($$"""{"model":"m",{{Hello}},"top_k":-1}""").Sampling.TopK);
    }

    [Theory]
    [InlineData("""{"frequency_penalty":0,"presence_penalty":0.0,"logit_bias":{},"logprobs":false,"top_logprobs":0}""")]
    [InlineData("""{"tools":[],"tool_choice":"none","functions":[],"function_call":"auto","response_format":{"type":"text"}}""")]
    [InlineData("""{"modalities":["text"],"audio":null,"prediction":null,"store":false,"service_tier":"auto"}""")]
    [InlineData("""{"n":1,"metadata":{"a":"b"},"reasoning_effort":"low","parallel_tool_calls":true}""")]
    public void Fields_that_ask_for_nothing_are_accepted(string fields) => ParseChat($$"""{"model":"m",{{Hello}},{{fields[1..]}}""");

    [Theory]
    [InlineData("""{"echo":false,"suffix":"","best_of":1,"logprobs":null,"n":1,"logit_bias":{}}""")]
    public void Fields_of_text_completions_that_ask_for_nothing_are_accepted(string fields) =>
        ParseText($$"""{"model":"m","prompt":"x",{{fields[1..]}}""");

    [Theory]
    [InlineData("""{"temperature":2.1}""", "temperature")]
    [InlineData("""{"temperature":-0.1}""", "temperature")]
    [InlineData("""{"temperature":1e999}""", "temperature")]
    [InlineData("""{"temperature":"hot"}""", "temperature")]
    [InlineData("""{"temperature":[]}""", "temperature")]
    [InlineData("""{"top_p":0}""", "top_p")]
    [InlineData("""{"top_p":1.01}""", "top_p")]
    [InlineData("""{"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"max_tokens":-1}""", "max_tokens")]
    [InlineData("""{"max_tokens":1.5}""", "max_tokens")]
    [InlineData("""{"max_tokens":99999999999}""", "max_tokens")]
    [InlineData("""{"max_completion_tokens":"7"}""", "max_completion_tokens")]
    [InlineData("""{"seed":1.5}""", "seed")]
    [InlineData("""{"seed":99999999999999999999}""", "seed")]
    [InlineData("""{"stop":""}""", "stop")]
    [InlineData("""{"stop":["a",""]}""", "stop[1]")]
    [InlineData("""{"stop":["a",7]}""", "stop[1]")]
    [InlineData("""{"stop":["a","b","c","d","e"]}""", "stop")]
    [InlineData("""{"stop":7}""", "stop")]
    [InlineData("""{"stream":"yes"}""", "stream")]
    [InlineData("""{"stream":1}""", "stream")]
    [InlineData("""{"stream_options":{"include_usage":true}}""", "stream_options")]
    [InlineData("""{"stream":true,"stream_options":[]}""", "stream_options")]
    [InlineData("""{"stream":true,"stream_options":{"include_usage":3}}""", "stream_options.include_usage")]
    [InlineData("""{"user":7}""", "user")]
    [InlineData("""{"user":"a\u0007b"}""", "user")]
    [InlineData("""{"n":0}""", "n")]
    [InlineData("""{"n":"1"}""", "n")]
    [InlineData("""{"frequency_penalty":2.5}""", "frequency_penalty")]
    [InlineData("""{"presence_penalty":-3}""", "presence_penalty")]
    [InlineData("""{"repetition_penalty":0}""", "repetition_penalty")]
    [InlineData("""{"top_k":-2}""", "top_k")]
    [InlineData("""{"min_p":1.5}""", "min_p")]
    [InlineData("""{"logit_bias":[]}""", "logit_bias")]
    [InlineData("""{"logit_bias":{"5":101}}""", "logit_bias.5")]
    [InlineData("""{"logit_bias":{"-5":1}}""", "logit_bias.-5")]
    [InlineData("""{"logit_bias":{"five":1}}""", "logit_bias.five")]
    [InlineData("""{"logit_bias":{"7":1,"07":2}}""", "logit_bias.07")]
    [InlineData("""{"logprobs":true}""", "logprobs")]
    [InlineData("""{"top_logprobs":5}""", "top_logprobs")]
    [InlineData("""{"tools":[{"type":"function"}]}""", "tools")]
    [InlineData("""{"tool_choice":"required"}""", "tool_choice")]
    [InlineData("""{"functions":[{}]}""", "functions")]
    [InlineData("""{"response_format":{"type":"json_object"}}""", "response_format")]
    [InlineData("""{"modalities":["text","audio"]}""", "modalities")]
    [InlineData("""{"store":true}""", "store")]
    [InlineData("""{"model":"other"}""", "model")]
    public void A_chat_field_out_of_its_range_is_named(string fields, string param) =>
        AssertRefused(param, () => ParseChat($$"""{"model":"m",{{Hello}},{{fields[1..]}}"""));

    [Theory]
    [InlineData("""{}""", "model")]
    [InlineData("""{"model":7}""", "model")]
    [InlineData("""{"model":"m"}""", "messages")]
    [InlineData("""{"model":"m","messages":[]}""", "messages")]
    [InlineData("""{"model":"m","messages":{}}""", "messages")]
    [InlineData("""{"model":"m","messages":"Hello"}""", "messages")]
    [InlineData("""{"model":"m","messages":[7]}""", "messages[0]")]
    [InlineData("""{"model":"m","messages":[{"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"tool","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":7,"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":null}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":7}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":["x"]}]}""", "messages[0].content[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"a\u0000b"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"a\u001bb"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"a\ud800b"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"a\udc00\ud800b"}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","role":"user","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","content":"x","tool_calls":[{}]}]}""", "messages[0].tool_calls")]
    [InlineData("""{"model":"m","\ud800":1,"messages":[]}""", null)]
    public void A_chat_request_without_a_proper_conversation_is_named(string body, string? param) =>
        AssertRefused(param, () => ParseChat(body));

    [Theory]
    [InlineData("""{}""", "prompt")]
    [InlineData("""{"prompt":7}""", "prompt")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":[[]]}""", "prompt")]
    [InlineData("""{"prompt":["a","b"]}""", "prompt")]
    [InlineData("""{"prompt":[[1],[2]]}""", "prompt")]
    [InlineData("""{"prompt":[1,"b"]}""", "prompt[1]")]
    [InlineData("""{"prompt":[1,-2]}""", "prompt[1]")]
    [InlineData("""{"prompt":[[1,2.5]]}""", "prompt[0][1]")]
    [InlineData("""{"prompt":[1,4294967296]}""", "prompt[1]")]
    [InlineData("""{"prompt":"x","echo":true}""", "echo")]
    [InlineData("""{"prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"prompt":"x","best_of":3}""", "best_of")]
    [InlineData("""{"prompt":"x","logprobs":0}""", "logprobs")]
    [InlineData("""{"prompt":"x","n":129}""", "n")]
    public void A_text_request_out_of_its_range_is_named(string fields, string param) =>
        AssertRefused(param, () => ParseText(fields == "{}" ? """{"model":"m"}""" : $$"""{"model":"m",{{fields[1..]}}"""));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{\"model\":\"m\",}")]
    [InlineData("{\"model\":\"m\"} {}")]
    [InlineData("{\"temperature\":NaN}")]
    [InlineData("{\"temperature\":Infinity}")]
    [InlineData("{\"model\":\"raw \u0001 control\"}")]
    [InlineData("{'model':'m'}")]
    public void What_is_no_JSON_object_is_refused_as_a_whole(string body) => AssertRefused(null, () => ParseChat(body));

    [Fact]
    public void Nesting_is_bounded() =>
        AssertRefused(null, () => ParseChat($$"""{"model":"m",{{Hello}},"x":{{new string('[', 100_000)}}"""));

    [Fact]
    public void Invalid_UTF_8_is_refused_wherever_it_stands()
    {
        byte[] body = [.. "{\"model\":\"m\",\"ignored\":\""u8, 0xff, .. "\"}"u8];
        AssertRefused(null, () => CompletionRequestParser.ParseChat(body));
    }

    [Fact]
    public void No_mutation_of_a_valid_body_gives_anything_but_a_request_or_a_named_refusal()
    {
        var valid = Encoding.UTF8.GetBytes("""
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Señor \ud83d\ude00"}]}],"stop":["x"],
             "temperature":0.5,"max_tokens":5,"stream":true,"stream_options":{"include_usage":true},"prompt":[1,2],"logit_bias":{},"seed":1}
            """);
        var random = new Random(4711);
        for (var round = 0; round < 5000; round++)
        {
            var body = Mutation.Of(valid, random);
            Try(() => CompletionRequestParser.ParseChat(body));
            Try(() => CompletionRequestParser.ParseText(body));
        }

        static void Try(Action parse)
        {
            try
            {
                parse();
            }
            catch (ApiException refusal)
            {
                Assert.Equal(400, refusal.Status);
                Assert.NotEmpty(refusal.Error.Message);
            }
        }
    }

    private static CompletionRequest ParseChat(string body) => CompletionRequestParser.ParseChat(Encoding.UTF8.GetBytes(body));

    private static CompletionRequest ParseText(string body) => CompletionRequestParser.ParseText(Encoding.UTF8.GetBytes(body));

    private static void AssertRefused(string? param, Action parse)
    {
        var refusal = Assert.Throws<ApiException>(parse);
        Assert.Equal(400, refusal.Status);
        Assert.Equal("invalid_request_error", refusal.Error.Type);
        Assert.Equal(param, refusal.Error.Param);
    }
}
