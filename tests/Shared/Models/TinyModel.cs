using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Tests;

/// <summary>
/// A Llama of random weights, small enough to be written in a moment, that speaks in letters and never ends its turn by itself: whoever
/// tests a server needs an answer of known length and not a wise one. The same arguments write the same weights.
/// </summary>
internal sealed record TinyModel
{
    /// <summary>Width of the residual stream; 4 heads share it.</summary>
    public int Dim { get; init; } = 64;

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The context, in tokens.</summary>
    public int Context { get; init; } = 512;

    /// <summary>The chat template; null writes a base model.</summary>
    public string? ChatTemplate { get; init; } = Llama2Template;

    /// <summary>Who the file says made it; null says nothing.</summary>
    public string? Organization { get; init; } = "Tiny Llamas";

    /// <summary>Tokens that a token attends to, its own included; null for all.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Whether every matrix but the embeddings and the head has a bias.</summary>
    public bool HasBiases { get; init; }

    /// <summary>
    /// A model that takes about a millisecond or more a token with the scalar kernels, for tests that need an answer to be under way.
    /// </summary>
    public static TinyModel Slow { get; } = new() { Dim = 128, Layers = 8, Context = 4096 };

    private const string Llama2Template =
        "{% for message in messages %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + message['content'] + ' [/INST]' }}"
        + "{% elif message['role'] == 'system' %}{{ '<<SYS>>\\n' + message['content'] + '\\n<</SYS>>\\n\\n' }}"
        + "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}";

    private const int Heads = 4;
    private const int KeyValueHeads = 2;
    private const int FirstLetter = 3 + 256;
    private const float Never = -100;

    private static readonly string[] Letters = [.. "▁etaoinshrdlucmfwypvbgkjxqz".Select(letter => letter.ToString())];

    private static int VocabularySize => FirstLetter + Letters.Length;

    /// <summary>Writes the model.</summary>
    public void Save(string path)
    {
        var writer = new GgufWriter();
        AddShape(writer);
        AddVocabulary(writer);
        AddWeights(writer);
        writer.Save(path);
    }

    private void AddShape(GgufWriter writer)
    {
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", "Tiny");
        if (Organization is not null)
            writer.Add("general.organization", Organization);
        writer.Add("llama.context_length", (uint)Context);
        writer.Add("llama.embedding_length", (uint)Dim);
        writer.Add("llama.block_count", (uint)Layers);
        writer.Add("llama.feed_forward_length", (uint)(2 * Dim));
        writer.Add("llama.attention.head_count", (uint)Heads);
        writer.Add("llama.attention.head_count_kv", (uint)KeyValueHeads);
        writer.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add("llama.rope.freq_base", 10_000f);
        writer.Add("llama.rope.dimension_count", (uint)(Dim / Heads));
        if (SlidingWindow is { } window)
            writer.Add("llama.attention.sliding_window", (uint)window);
    }

    private void AddVocabulary(GgufWriter writer)
    {
        const int Normal = 1, Unknown = 2, Control = 3, Byte = 6;
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.tokens", (string[])
            ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), .. Letters]);
        writer.Add("tokenizer.ggml.scores", (float[])[.. new float[FirstLetter], .. Letters.Select((_, rank) => -(float)rank)]);
        writer.Add("tokenizer.ggml.token_type", (int[])
            [Unknown, Control, Control, .. Enumerable.Repeat(Byte, 256), .. Enumerable.Repeat(Normal, Letters.Length)]);
        writer.Add("tokenizer.ggml.unknown_token_id", 0u);
        writer.Add("tokenizer.ggml.bos_token_id", 1u);
        writer.Add("tokenizer.ggml.eos_token_id", 2u);
        writer.Add("tokenizer.ggml.add_bos_token", true);
        if (ChatTemplate is not null)
            writer.Add("tokenizer.chat_template", ChatTemplate);
    }

    /// <summary>
    /// The first value of the residual stream is 1 at every token and no layer writes to it, so that the head can use it as a bias:
    /// everything but letters is made so unlikely that it never comes.
    /// </summary>
    private void AddWeights(GgufWriter writer)
    {
        var random = new Random(20260101);
        var keyValueWidth = Dim / Heads * KeyValueHeads;
        var scale = 1.5f / MathF.Sqrt(Dim);
        AddMatrix(writer, "token_embd.weight", VocabularySize, Dim, Fill(random, VocabularySize, Dim, 1, (_, _) => 1, column: 0));
        AddMatrix(writer, "output.weight", VocabularySize, Dim, Fill(
            random, VocabularySize, Dim, 4 * scale, (row, _) => row < FirstLetter ? Never : 0, column: 0));
        AddNorm(writer, "output_norm.weight");
        for (var layer = 0; layer < Layers; layer++)
        {
            AddNorm(writer, $"blk.{layer}.attn_norm.weight");
            AddNorm(writer, $"blk.{layer}.ffn_norm.weight");
            Add("attn_q", Dim, Dim, isOutput: false);
            Add("attn_k", keyValueWidth, Dim, isOutput: false);
            Add("attn_v", keyValueWidth, Dim, isOutput: false);
            Add("attn_output", Dim, Dim, isOutput: true);
            Add("ffn_gate", 2 * Dim, Dim, isOutput: false);
            Add("ffn_up", 2 * Dim, Dim, isOutput: false);
            Add("ffn_down", Dim, 2 * Dim, isOutput: true);

            void Add(string name, int rows, int columns, bool isOutput)
            {
                var weights = Fill(random, rows, columns, scale, null, column: -1);
                if (isOutput)
                    weights.AsSpan(0, columns).Clear();
                AddMatrix(writer, $"blk.{layer}.{name}.weight", rows, columns, weights);
                if (HasBiases)
                    AddVector(writer, $"blk.{layer}.{name}.bias", Fill(random, 1, rows, 0.5f, null, column: -1));
            }
        }
    }

    /// <summary>Weights of <c>[rows, columns]</c>, uniform up to a scale, with one column set by a rule.</summary>
    private static float[] Fill(Random random, int rows, int columns, float scale, Func<int, int, float>? rule, int column)
    {
        var weights = new float[rows * columns];
        for (var i = 0; i < weights.Length; i++)
        {
            var value = (random.NextSingle() - 0.5f) * 2 * scale;
            weights[i] = i % columns == column ? rule!(i / columns, column) : value;
        }

        return weights;
    }

    private static void AddMatrix(GgufWriter writer, string name, int rows, int columns, float[] weights) =>
        writer.AddTensor(name, TensorType.F32, [columns, rows], stream => stream.Write(MemoryMarshal.AsBytes<float>(weights)));

    private void AddNorm(GgufWriter writer, string name)
    {
        var ones = new float[Dim];
        Array.Fill(ones, 1);
        AddVector(writer, name, ones);
    }

    private static void AddVector(GgufWriter writer, string name, float[] values) =>
        writer.AddTensor(name, TensorType.F32, [values.Length], stream => stream.Write(MemoryMarshal.AsBytes<float>(values)));
}
