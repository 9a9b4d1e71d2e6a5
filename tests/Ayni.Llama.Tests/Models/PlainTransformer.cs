using System.Runtime.InteropServices;

namespace Ayni.Llama.Tests;

/// <summary>
/// The forward pass in double precision as it stands in a textbook: no cache, no batches, no vectors. Reads F32 GGUF files of architecture
/// <c>llama</c>; shares nothing with the engine but the file's reader.
/// </summary>
internal sealed class PlainTransformer(string path)
{
    private readonly GgufFile _file = GgufFile.Open(path);

    /// <summary>Told what each matrix is multiplied with, by the tensor's name.</summary>
    public Action<string, double[][]>? Observe { get; init; }

    public double[][] Logits(int[] ids)
    {
        var metadata = _file.Metadata;
        var (layers, heads) = (Integer("block_count"), Integer("attention.head_count"));
        var keyHeads = Integer("attention.head_count_kv");
        var theta = metadata.FindNumber("llama.rope.freq_base")!.Value;
        var window = metadata.FindInteger("llama.attention.sliding_window") ?? int.MaxValue;

        var stream = ids.Select(id => Tensor("token_embd.weight")[id]).ToArray();
        for (var layer = 0; layer < layers; layer++)
        {
            var block = $"blk.{layer}.";
            var normed = Norm(stream, block + "attn_norm.weight");
            var query = Heads(Rotate, Linear(normed, block + "attn_q"), heads);
            var key = Heads(Rotate, Linear(normed, block + "attn_k"), keyHeads);
            var value = Heads((x, _) => x, Linear(normed, block + "attn_v"), keyHeads);
            var attended = new double[ids.Length][];
            for (var t = 0; t < ids.Length; t++)
            {
                var row = new List<double>();
                for (var head = 0; head < heads; head++)
                {
                    var shared = head / (heads / keyHeads);
                    var first = (int)Math.Max(0, t - (window - 1));
                    var scores = Enumerable.Range(first, t + 1 - first)
                        .Select(s => Math.Exp(Dot(query[t][head], key[s][shared]) / Math.Sqrt(query[t][head].Length))).ToArray();
                    row.AddRange(Enumerable.Range(0, query[t][head].Length).Select(i =>
                        scores.Select((score, s) => score * value[first + s][shared][i]).Sum() / scores.Sum()));
                }
                attended[t] = [.. row];
            }
            stream = Sum(stream, Linear(attended, block + "attn_output"));

            normed = Norm(stream, block + "ffn_norm.weight");
            var (gate, up) = (Linear(normed, block + "ffn_gate"), Linear(normed, block + "ffn_up"));
            var gated = gate.Zip(up, (g, u) => g.Zip(u, (x, y) => x / (1 + Math.Exp(-x)) * y).ToArray()).ToArray();
            stream = Sum(stream, Linear(gated, block + "ffn_down"));
        }
        return Linear(Norm(stream, "output_norm.weight"), "output");

        int Integer(string name) => (int)metadata.FindInteger("llama." + name)!.Value;

        double[] Rotate(double[] head, int position)
        {
            var turned = new double[head.Length];
            for (var i = 0; i < head.Length; i += 2)
            {
                var (sine, cosine) = Math.SinCos(position * Math.Pow(theta, -(double)i / head.Length));
                (turned[i], turned[i + 1]) = (head[i] * cosine - head[i + 1] * sine, head[i] * sine + head[i + 1] * cosine);
            }
            return turned;
        }
    }

    private double[][] Linear(double[][] input, string name)
    {
        Observe?.Invoke(name + ".weight", input);
        var matrix = Tensor(name + ".weight");
        var bias = _file.Find(name + ".bias") is null ? new double[matrix.Length] : Tensor(name + ".bias")[0];
        return [.. input.Select(x => matrix.Select((row, i) => Dot(row, x) + bias[i]).ToArray())];
    }

    private double[][] Norm(double[][] input, string name)
    {
        var weight = Tensor(name)[0];
        var epsilon = _file.Metadata.FindNumber("llama.attention.layer_norm_rms_epsilon")!.Value;
        return [.. input.Select(x => x.Zip(weight, (a, w) => a / Math.Sqrt(Dot(x, x) / x.Length + epsilon) * w).ToArray())];
    }

    private double[][] Tensor(string name)
    {
        var tensor = _file.Find(name)!;
        var values = MemoryMarshal.Cast<byte, float>(_file.Data(tensor).Span(0, (int)tensor.Bytes)).ToArray();
        return [.. values.Select(value => (double)value).Chunk((int)tensor.Dimensions[0])];
    }

    private static double[][][] Heads(Func<double[], int, double[]> each, double[][] rows, int heads) =>
        [.. rows.Select((row, position) => row.Chunk(row.Length / heads).Select(head => each(head, position)).ToArray())];

    private static double[][] Sum(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (p, q) => p + q).ToArray())];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
