using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes models of random weights, which cost what a published model of their shape costs: for measuring, where the real one is not at
/// hand. Holds nothing between calls.
/// </summary>
public static class ModelSynthesizer
{
    // Rows made at a time, up to about this many bytes, so that memory does not grow with the model.
    private const int ChunkBytes = 1 << 20;

    /// <summary>
    /// The standard deviation of the logits. The state before the output head has a mean square of 1 in each place, so the head's weights
    /// decide it.
    /// </summary>
    private const float LogitDeviation = 2;

    // A trained norm's weights differ between places; these do a little.
    private const float NormDeviation = 0.1f;

    /// <summary>
    /// Writes a GGUF file with the architecture keys, tensors and full-size vocabulary of a shape, and random weights in the types of a
    /// mix. The same shape, mix and seed give the same file. Nothing is left under that name unless it is complete.
    /// </summary>
    /// <param name="shape">The shape.</param>
    /// <param name="mix">The tensors' types.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="seed">What the weights follow from.</param>
    /// <param name="workers">Threads that compute; 0 takes one a core.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Looked at between chunks; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The shape is impossible (see <see cref="SyntheticShape.FindProblem"/>).</exception>
    /// <exception cref="DiskSpaceException">There is no room for the file.</exception>
    public static void Write(
        SyntheticShape shape, QuantizationMix mix, string path, ulong seed = 0, int workers = 0,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (shape.FindProblem() is { } problem)
            throw new ArgumentException($"{shape.Name}: {problem}.", nameof(shape));
        using var context = new ComputeContext(KernelTier.Scalar, workers);
        var writer = new GgufWriter();
        AddMetadata(writer, shape, mix);

        var model = new QuantizedModel(
            shape.LayerCount, shape.HeadCount / shape.KeyValueHeadCount, shape.ExpertCount,
            HasOutputHead: !shape.TiesEmbeddings, HasImportance: false);
        var pools = new Dictionary<(TensorType, float), RandomBlocks>();
        var seeds = new SplitMix64(seed);
        var poolSeed = seeds.Next();
        var (bytes, done) = (0L, 0L);
        foreach (var (name, dimensions, deviation) in SyntheticTensors.Of(shape, LogitDeviation))
        {
            var type = mix.TypeOf(name, dimensions.Length < 2 ? 0 : dimensions[0], model);
            var random = new SplitMix64(seeds.Next());
            var rows = dimensions.Skip(1).Aggregate(1L, (product, dimension) => checked(product * dimension));
            var rowBytes = checked((int)TensorTypes.FormatOf(type).BytesOf(dimensions[0]));
            bytes = checked(bytes + rows * rowBytes);
            writer.AddTensor(name, type, dimensions, stream =>
            {
                if (dimensions.Length < 2)
                    WriteVector(stream, name == SyntheticTensors.RotaryDivisors ? Divisors(shape) : Norm(random, (int)dimensions[0]));
                else
                    WriteRows(stream, PoolOf(type, deviation), random, rows, rowBytes);
            });
        }
        DiskSpace.Require(path, bytes);
        writer.Save(path);

        RandomBlocks PoolOf(TensorType type, float deviation)
        {
            if (!pools.TryGetValue((type, deviation), out var pool))
                pools.Add((type, deviation), pool = new RandomBlocks(type, deviation, poolSeed, context));
            return pool;
        }

        void WriteRows(Stream stream, RandomBlocks pool, SplitMix64 random, long rows, int rowBytes)
        {
            var buffer = new byte[Math.Max(1, ChunkBytes / rowBytes) * rowBytes];
            for (var row = 0L; row < rows;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = (int)Math.Min(buffer.Length / rowBytes, rows - row);
                for (var i = 0; i < count; i++)
                    pool.FillRow(ref random, buffer.AsSpan(i * rowBytes, rowBytes));
                stream.Write(buffer.AsSpan(0, count * rowBytes));
                row += count;
                done += (long)count * rowBytes;
                progress?.Report((double)done / bytes);
            }
        }
    }

    private static void AddMetadata(GgufWriter writer, SyntheticShape shape, QuantizationMix mix)
    {
        var architecture = shape.Architecture;
        writer.Add("general.architecture", architecture);
        writer.Add("general.type", "model");
        writer.Add("general.name", $"{shape.Name} of random weights");
        Add("block_count", shape.LayerCount);
        Add("context_length", shape.ContextLength);
        Add("embedding_length", shape.HiddenSize);
        Add("feed_forward_length", shape.IntermediateSize);
        Add("attention.head_count", shape.HeadCount);
        Add("attention.head_count_kv", shape.KeyValueHeadCount);
        Add("attention.key_length", shape.HeadDim);
        Add("attention.value_length", shape.HeadDim);
        writer.Add($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add($"{architecture}.rope.freq_base", shape.RopeTheta);
        Add("rope.dimension_count", shape.HeadDim);
        Add("vocab_size", shape.VocabularySize);
        if (shape.ExpertCount > 0)
        {
            Add("expert_count", shape.ExpertCount);
            Add("expert_used_count", 1);
            Add("expert_feed_forward_length", shape.ExpertIntermediateSize);
            Add("interleave_moe_layer_step", shape.ExpertInterval);
        }
        writer.Add("general.file_type", (uint)mix.FileType);
        // Version 2 of ggml's block layouts, the only one in use.
        writer.Add("general.quantization_version", 2u);
        SyntheticVocabulary.AddTo(writer, shape.Vocabulary);

        void Add(string key, int value) => writer.Add($"{architecture}.{key}", (uint)value);
    }

    private static float[] Norm(SplitMix64 random, int length)
    {
        var values = new float[length];
        foreach (ref var value in values.AsSpan())
            value = 1 + NormDeviation * random.NextNormal();
        return values;
    }

    /// <summary>By how much each rotary frequency is divided, <c>[headDim / 2]</c>.</summary>
    private static float[] Divisors(SyntheticShape shape)
    {
        var unscaled = RotaryEmbedding.InverseFrequencies(shape.HeadDim, shape.RopeTheta, []);
        var scaled = unscaled.ToArray();
        shape.RotaryScaling!.Apply(scaled, shape.RopeTheta);
        return [.. unscaled.Zip(scaled, (from, to) => (float)(from / to))];
    }

    private static void WriteVector(Stream stream, float[] values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        WeightQuantizer.QuantizeRow(TensorType.F32, values, [], bytes);
        stream.Write(bytes);
    }
}
