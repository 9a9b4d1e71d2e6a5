using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>The commands on a model that others script against.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private const int Vocabulary = 3 + 256 + 27;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ModelCommandTests() => _model = _folder.Write(new TinyModel());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Texts_become_ids_and_ids_texts_a_line_for_a_line()
    {
        const string Texts = "{\"text\": \"hello\"}\n\n{\"text\":\"\"}\n{\"text\": \"</s> é\\ud800\"}\n";
        var tokens = (await AyniCommand.RunAsync(["tokenize", "--model", _model], Texts)).Succeeded();
        Assert.Equal(3, tokens.Lines.Length);
        var ids = JsonSerializer.Deserialize<JsonElement>(tokens.Lines[0]).GetProperty("ids").EnumerateArray().Select(
            id => id.GetInt32()).ToArray();
        Assert.DoesNotContain(1, ids);
        Assert.Equal("{\"ids\":[]}", tokens.Lines[1]);
        var special = (await AyniCommand.RunAsync(["tokenize", "--special", "--model", _model], "{\"text\":\"</s>\"}")).Succeeded();
        Assert.Equal("{\"ids\":[2]}", special.Lines[0]);

        var texts = (await AyniCommand.RunAsync(["detokenize", "--model", _model], tokens.Output)).Succeeded();
        Assert.Equal(["{\"text\":\"hello\"}", "{\"text\":\"\"}", "{\"text\":\"</s> é\uFFFD\"}"], texts.Lines);
    }

    [Theory]
    [InlineData("perplexity")]
    [InlineData("imatrix")]
    public async Task A_text_that_is_not_UTF8_is_refused_where_it_begins_not_to_be(string command)
    {
        var path = _folder.PathOf("text.txt");
        await File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)'a', 3000), 0xE9, (byte)'b']);
        string[] arguments = command == "imatrix"
            ? [command, "--output", _folder.PathOf("out.gguf")] : [command];
        (await AyniCommand.RunAsync([.. arguments, "--file", path, "--model", _model, "--context", "64"])).Failed(
            $"{path}: not valid UTF-8 at byte 3000; convert it to UTF-8.");
    }

    [Fact]
    public async Task A_line_is_answered_at_once_and_a_bad_one_leaves_no_half_answer()
    {
        using var process = AyniCommand.Start(["tokenize", "--model", _model]);
        foreach (var text in (string[])["{\"text\":\"a\"}", "{\"text\":\"b\"}"])
        {
            await process.StandardInput.WriteLineAsync(text);
            await process.StandardInput.FlushAsync();
            Assert.StartsWith("{\"ids\":[", await process.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        }
        await process.StandardInput.WriteLineAsync("{\"text\":5}");
        process.StandardInput.Close();
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
    }

    [Fact]
    public async Task A_conversation_goes_on_when_the_context_is_full()
    {
        var model = _folder.PathOf("short.gguf");
        new TinyModel { Context = 64 }.Save(model);
        var input = string.Concat(Enumerable.Repeat("tell me more\n", 5)) + new string('a', 300) + "\nand again\n";
        var chat = (await AyniCommand.RunAsync(["chat", "--model", model, "--temperature", "0", "-n", "20"], input)).Succeeded();
        Assert.Contains("the earliest messages are forgotten", chat.Error, StringComparison.Ordinal);
        Assert.Contains("the context holds 64", chat.Error, StringComparison.Ordinal);
        Assert.Equal(6, chat.Lines.Length);
    }

    [Fact]
    public async Task A_template_that_refuses_and_weights_that_are_no_numbers_end_in_a_sentence()
    {
        var refusing = _folder.PathOf("refusing.gguf");
        new TinyModel { ChatTemplate = "{{ raise_exception('no system') }}" }.Save(refusing);
        (await AyniCommand.RunAsync("run", "--model", refusing, "hi")).Failed("no system");
        (await AyniCommand.RunAsync(["chat", "--model", refusing], "hi\n")).Failed("no system");

        var damaged = _folder.PathOf("damaged.gguf");
        var bytes = await File.ReadAllBytesAsync(_model);
        // The last weight of the last layer's last matrix.
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - sizeof(float)), float.NaN);
        await File.WriteAllBytesAsync(damaged, bytes);
        (await AyniCommand.RunAsync("run", "--model", damaged, "hi")).Failed("weights may be damaged");
    }

    [Fact]
    public async Task Absurd_numbers_are_refused_in_a_sentence()
    {
        (await AyniCommand.RunAsync("serve", "--model", _model, "--context", "2147483647")).Failed("--context 2147483647");
        (await AyniCommand.RunAsync("serve", "--model", _model, "--sequences", "100000000")).Failed("--sequences 100000000");
        (await AyniCommand.RunAsync("run", "--model", _model, "--tokens", "1", "--context", "2147483647")).Failed("--context 2147483647");
        (await AyniCommand.RunAsync("tour", "--model", _model, "--threads", "-1")).Failed("--threads -1");
        (await AyniCommand.RunAsync("run", "--model", _model, "--tokens", "1,,2")).Failed("--tokens: ''");
        (await AyniCommand.RunAsync("run", "--model", _model, "--tokens", "1", "--temperature", "1e-310", "-n", "3")).Succeeded();
    }

    [Fact]
    public async Task A_files_control_characters_do_not_reach_the_terminal()
    {
        var model = _folder.PathOf("loud.gguf");
        new TinyModel { Organization = "\u001b]0;owned\u0007\u001b[2J" }.Save(model);
        var shown = (await AyniCommand.RunAsync("inspect", "--model", model)).Succeeded();
        Assert.Contains("owned", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output);
    }

    [Fact]
    public async Task A_model_is_written_in_fewer_bits_and_runs()
    {
        var output = _folder.PathOf("q8.gguf");
        (await AyniCommand.RunAsync("quantize", _model, output, "--type", "Q8_0")).Succeeded();
        (await AyniCommand.RunAsync("run", "--model", output, "--tokens", "1", "-n", "3", "--json")).Succeeded();
        (await AyniCommand.RunAsync("quantize", output, _folder.PathOf("again.gguf"), "--type", "Q4_0")).Failed("quantized as Q8_0 already");
        (await AyniCommand.RunAsync("quantize", _model, output, "--type", "Q17")).Failed("--type Q17");
    }

    [Fact]
    public async Task A_killed_quantizer_leaves_nothing_under_the_name_and_the_next_one_is_not_hindered()
    {
        var (large, output) = (_folder.PathOf("large.gguf"), _folder.PathOf("q.gguf"));
        string[] shape = ["--layers", "2", "--hidden", "256", "--intermediate", "512", "--heads", "4", "--kv-heads", "2", "--head-dim", "64"];
        (await AyniCommand.RunAsync(["synth", "llama-3.2-1b:F16", .. shape, "-o", large])).Succeeded();
        string[] quantize = ["quantize", large, output, "--type", "Q3_K_M", "--threads", "1"];
        using (var process = AyniCommand.Start(quantize))
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (!File.Exists(output + ".partial") && !process.HasExited)
                await Task.Delay(5, patience.Token);
            process.Kill();
            await process.WaitForExitAsync(patience.Token);
            Assert.NotEqual(0, process.ExitCode);
        }
        Assert.False(File.Exists(output));
        (await AyniCommand.RunAsync(quantize)).Succeeded();
        Assert.False(File.Exists(output + ".partial"));
        (await AyniCommand.RunAsync("run", "--model", output, "--tokens", "1", "-n", "1", "--json")).Succeeded();
    }

    [Fact]
    public async Task A_draft_model_changes_no_answer_and_one_that_is_not_there_is_named()
    {
        var draft = _folder.PathOf("draft.gguf");
        new TinyModel { Layers = 1 }.Save(draft);
        string[] run = ["run", "--model", _model, "--tokens", "1,260,261", "-n", "60", "--seed", "3", "--json"];
        var plain = (await AyniCommand.RunAsync(run)).Succeeded().Json.GetProperty("text").GetString();
        var drafted = (await AyniCommand.RunAsync([.. run, "--draft", draft])).Succeeded().Json.GetProperty("text").GetString();
        Assert.Equal(plain, drafted);
        (await AyniCommand.RunAsync([.. run, "--draft", _folder.PathOf("none.gguf")])).Failed("none.gguf");
    }

    [Fact]
    public async Task An_importance_matrix_is_collected_and_guides_the_quantizer()
    {
        var (text, matrix, output) = (_folder.Write("text.txt", new string('a', 100)), _folder.PathOf("imatrix.gguf"), _folder.PathOf("q4.gguf"));
        string[] collect = ["imatrix", "--model", _model, "--file", text, "-o", matrix, "--context", "16", "--json"];
        var json = (await AyniCommand.RunAsync(collect)).Succeeded().Json;
        Assert.Equal((14, 14, 0, 16), (
            json.GetProperty("entries").GetInt32(), json.GetProperty("matrices").GetInt32(), json.GetProperty("unused_matrices").GetInt32(),
            json.GetProperty("context").GetInt32()));
        Assert.InRange(json.GetProperty("chunks").GetInt32(), 2, 6);
        (await AyniCommand.RunAsync(collect)).Failed("is there already");

        var quantized = (await AyniCommand.RunAsync("quantize", _model, output, "--type", "Q4_0", "--imatrix", matrix)).Succeeded();
        Assert.Contains("14 matrices weighted by importance, 1 without: token_embd.weight", quantized.Error, StringComparison.Ordinal);
        (await AyniCommand.RunAsync("run", "--model", output, "--tokens", "1", "-n", "3", "--json")).Succeeded();

        var other = _folder.PathOf("wide.gguf");
        new TinyModel { Dim = 128 }.Save(other);
        (await AyniCommand.RunAsync("quantize", other, _folder.PathOf("no.gguf"), "--type", "Q4_0", "--imatrix", matrix)).Failed("blk.0.attn_q.weight");
        Assert.False(File.Exists(_folder.PathOf("no.gguf")));
        (await AyniCommand.RunAsync("quantize", _model, _folder.PathOf("no.gguf"), "--type", "Q4_0", "--imatrix", text)).Failed("text.txt");
        (await AyniCommand.RunAsync("imatrix", "--model", _model, "--file", text, "-o", _folder.PathOf("no.gguf"))).Failed("Take more text");
    }

    [Fact]
    public async Task A_bad_line_is_named_by_its_number()
    {
        (await AyniCommand.RunAsync(["tokenize", "--model", _model], "{\"text\":\"a\"}\n{\"text\":3}\n")).Failed("line 2");
        (await AyniCommand.RunAsync(["tokenize", "--model", _model], "{\"text\":\"a\"}\n\nnonsense\n")).Failed("line 3");
        (await AyniCommand.RunAsync(["detokenize", "--model", _model], "{\"ids\":[1,99999999]}\n")).Failed("line 1");
        (await AyniCommand.RunAsync(["detokenize", "--model", _model], "{\"ids\":[1.5]}\n")).Failed("line 1");
    }

    [Fact]
    public async Task Logits_are_a_float_matrix_of_tokens_and_vocabulary()
    {
        var path = _folder.PathOf("out.npy");
        (await AyniCommand.RunAsync("logits", "--model", _model, "--tokens", "1, 260,261", "--out", path)).Succeeded();
        var all = Numpy.Read(path);
        Assert.Equal(string.Create(
            CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': (3, {Vocabulary}), }}"), all.Header);
        Assert.Equal(3 * Vocabulary, all.Values.Length);
        Assert.All(all.Values, value => Assert.True(float.IsFinite(value)));

        // Rotary positions are relative: a single token has the same logits anywhere.
        (await AyniCommand.RunAsync("logits", "--model", _model, "--tokens", "1", "--start-pos", "100", "--out", path)).Succeeded();
        var later = Numpy.Read(path).Values;
        Assert.All(later.Zip(all.Values), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
    }

    [ConformanceFact]
    public async Task An_adapter_changes_logits_as_the_reference_s_does()
    {
        var folder = Conformance.PathOf("training", "llama3-micro-lora");
        var expected = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(folder, "expected.json")));
        var ids = expected.GetProperty("ids")[0].EnumerateArray().Select(id => id.GetInt32()).ToArray();
        var path = _folder.PathOf("out.npy");
        var model = Conformance.PathOf("training", "llama3-micro");
        (await AyniCommand.RunAsync(
            "logits", "--model", model, "--adapter", folder, "--tokens", string.Join(',', ids), "--out", path)).Succeeded();
        var reference = MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(Path.Combine(folder, "logits_adapter.f32"))).ToArray();
        var values = Numpy.Read(path).Values;
        Assert.All(values.Zip(reference), pair => Assert.Equal(pair.Second, pair.First, 2e-4f));
        (await AyniCommand.RunAsync("logits", "--model", model, "--adapter", model, "--tokens", "1", "--out", path))
            .Failed("There is no adapter in");
    }

    [Fact]
    public async Task Bad_ids_files_and_numbers_are_one_sentence()
    {
        var path = _folder.PathOf("out.npy");
        (await AyniCommand.RunAsync("logits", "--model", _model, "--tokens", $"1,{Vocabulary}", "--out", path)).Failed($"'{Vocabulary}'");
        (await AyniCommand.RunAsync("logits", "--model", _model, "--tokens", "1,-1", "--out", path)).Failed("'-1'");
        (await AyniCommand.RunAsync("logits", "--model", _model, "--tokens", "1", "--start-pos", "-3", "--out", path)).Failed(
            "--start-pos");
        (await AyniCommand.RunAsync("run", "--model", _folder.PathOf("none.gguf"), "hello")).Failed("none.gguf");
        (await AyniCommand.RunAsync("run", "--model", _model, "hello", "-n", "0")).Failed("-n 0");
        (await AyniCommand.RunAsync("inspect", "--model", _folder.Write("bad.gguf", "GGUF and no more"))).Failed("bad.gguf");
        (await AyniCommand.RunAsync("run", "--model", _folder.Write("text.gguf", "no model at all"), "hello")).Failed("text.gguf");
        Assert.Equal(1, (await AyniCommand.RunAsync("logits", "--model", _model)).ExitCode);
        Assert.Equal(1, (await AyniCommand.RunAsync("nonsense")).ExitCode);
    }

    [Fact]
    public async Task Run_answers_in_json_and_as_a_stream_alike()
    {
        string[] arguments = ["run", "--model", _model, "hello", "--temperature", "0", "-n", "12"];
        var json = (await AyniCommand.RunAsync([.. arguments, "--json"])).Succeeded().Json;
        var stream = (await AyniCommand.RunAsync(arguments)).Succeeded();

        Assert.Equal(12, json.GetProperty("ids").GetArrayLength());
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
        Assert.True(json.GetProperty("timings").GetProperty("tokens_per_second").GetDouble() > 0);
        Assert.Equal(json.GetProperty("text").GetString(), stream.Output.TrimEnd('\n', '\r'));
        Assert.Contains("tokens/s", stream.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seed_makes_an_answer_repeatable_and_a_raw_prompt_has_no_chat_format()
    {
        string[] arguments = ["run", "--model", _model, "--seed", "7", "-n", "12", "--json"];
        var first = (await AyniCommand.RunAsync([.. arguments, "hello"])).Succeeded().Json;
        var again = (await AyniCommand.RunAsync([.. arguments, "hello"])).Succeeded().Json;
        var raw = (await AyniCommand.RunAsync([.. arguments, "--raw", "-"], "hello")).Succeeded().Json;

        Assert.Equal(first.GetProperty("text").GetString(), again.GetProperty("text").GetString());
        Assert.True(raw.GetProperty("prompt_ids").GetArrayLength() < first.GetProperty("prompt_ids").GetArrayLength());
    }

    [Fact]
    public async Task Chat_answers_each_line_until_an_empty_one()
    {
        var chat = (await AyniCommand.RunAsync(["chat", "--model", _model, "-n", "5"], "hello\nand you\n\nignored\n")).Succeeded();
        Assert.Equal(2, chat.Lines.Length);
    }

    [Fact]
    public async Task Inspect_shows_what_is_in_the_file()
    {
        var json = (await AyniCommand.RunAsync("inspect", "--model", _model, "--json")).Succeeded().Json;
        Assert.Equal("llama", json.GetProperty("architecture").GetString());
        Assert.Equal(new FileInfo(_model).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(Vocabulary, json.GetProperty("tokenizer").GetProperty("tokens").GetInt32());
        Assert.NotNull(json.GetProperty("tokenizer").GetProperty("chat_template").GetString());
        var embedding = Assert.Single(
            json.GetProperty("tensors").EnumerateArray(), tensor => tensor.GetProperty("name").GetString() == "token_embd.weight");
        Assert.Equal("F32", embedding.GetProperty("type").GetString());
        Assert.Equal([Vocabulary, 64], embedding.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()));
        Assert.Equal(Vocabulary * 64 * 4, embedding.GetProperty("bytes").GetInt64());

        Assert.Contains(
            "token_embd.weight", (await AyniCommand.RunAsync("inspect", "--model", _model)).Succeeded().Output, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public async Task Two_hundred_greedy_tokens_are_those_of_the_reference()
    {
        var expected = JsonSerializer.Deserialize<JsonElement>(
            File.ReadAllText(Conformance.PathOf("models", "stories260K", "expected.json")));
        var greedy = expected.GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == "greedy200");
        var ids = greedy.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();

        var model = Conformance.PathOf("models", "stories260K", "stories260K-f32.gguf");
        string[] arguments = ["run", "--model", model, "--tokens", "1", "--temperature", "0", "-n", "200", "--json"];
        var json = (await AyniCommand.RunAsync(arguments)).Succeeded().Json;

        Assert.Equal(ids[^200..], json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
    }

    [Fact]
    public async Task Keys_and_values_are_stored_as_asked_for()
    {
        using var wide = new TemporaryModel(new TinyModel { Dim = 128 });
        foreach (var type in (string[])["f32", "f16", "bf16", "Q8_0"])
        {
            var run = await AyniCommand.RunAsync("run", "--model", wide.Path, "--temperature", "0", "-n", "5", "--cache-type", type, "--json", "hello");
            Assert.Equal(5, run.Succeeded().Json.GetProperty("ids").GetArrayLength());
        }
        (await AyniCommand.RunAsync("run", "--model", wide.Path, "--cache-type", "q4_0", "hello")).Failed("--cache-type q4_0: expected f32, f16, bf16 or q8_0");
        // Its heads have 16 values.
        (await AyniCommand.RunAsync("run", "--model", _model, "--cache-type", "q8_0", "hello")).Failed("A q8_0 cache takes heads of a multiple of 32 values");
    }

    [ConformanceFact]
    public async Task A_Hugging_Face_folder_is_a_model_and_without_a_tokenizer_takes_ids_only()
    {
        var model = Conformance.PathOf("models", "stories260K");
        var inspected = (await AyniCommand.RunAsync("inspect", "--model", model, "--json")).Succeeded().Json;
        Assert.Equal("safetensors", inspected.GetProperty("format").GetString());
        Assert.Equal("llama", inspected.GetProperty("architecture").GetString());
        Assert.Equal(JsonValueKind.Null, inspected.GetProperty("tokenizer").GetProperty("model").ValueKind);

        string[] arguments = ["run", "--tokens", "1", "--temperature", "0", "-n", "20", "--json", "--model"];
        var folder = (await AyniCommand.RunAsync([.. arguments, model + Path.DirectorySeparatorChar])).Succeeded().Json;
        var file = (await AyniCommand.RunAsync([.. arguments, Path.Combine(model, "stories260K-f32.gguf")])).Succeeded().Json;
        Assert.Equal(
            file.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), folder.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal("", folder.GetProperty("text").GetString());

        (await AyniCommand.RunAsync("run", "--model", model, "hello")).Failed("neither tokenizer.model nor tokenizer.json");
        (await AyniCommand.RunAsync(["tokenize", "--model", model], "{\"text\":\"a\"}")).Failed("no tokenizer");
    }
}
