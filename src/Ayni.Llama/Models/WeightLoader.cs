using System.Diagnostics;
using System.Globalization;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>Finds, checks and packs the tensors of a Llama.</summary>
internal sealed class WeightLoader(
    ModelSource source, LlamaConfig config, ComputeContext context, PackCache? cache, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, ModelTensor> _tensors = source.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    private readonly long _bytes = Math.Max(1, source.Tensors.Sum(tensor => tensor.Bytes));
    private readonly List<(string Name, PackedMatrix Matrix)> _loaded = [];
    private long _bytesDone;

    /// <summary>Time spent packing; zero where everything was packed before.</summary>
    public TimeSpan PackingTime { get; private set; }

    /// <summary>Every matrix, each under a name of its own.</summary>
    public IReadOnlyList<(string Name, PackedMatrix Matrix)> Loaded => _loaded;

    /// <summary>
    /// Packs everything. Throws <see cref="ModelFormatException"/> for a missing, misshapen or unreadable tensor; nothing then stays
    /// allocated.
    /// </summary>
    public LlamaWeights Load()
    {
        try
        {
            RefuseUnknownTensors();
            var embedding = Matrix("token_embd.weight", config.VocabularySize, config.HiddenSize);
            return new LlamaWeights
            {
                TokenEmbedding = embedding,
                OutputHead = !_tensors.ContainsKey("output.weight") ? embedding : Matrix("output.weight", config.VocabularySize, config.HiddenSize),
                OutputNorm = Vector("output_norm.weight", config.HiddenSize),
                Layers = [.. Enumerable.Range(0, config.LayerCount).Select(Layer)],
                InverseFrequencies = InverseFrequencies(),
            };
        }
        catch
        {
            foreach (var (_, matrix) in _loaded)
                matrix.Dispose();
            throw;
        }
    }

    private LayerWeights Layer(int layer)
    {
        var prefix = $"blk.{layer}.";
        var hasExperts = config.Experts?.Layers.Contains(layer) ?? false;
        return new LayerWeights
        {
            AttentionNorm = Vector(prefix + "attn_norm.weight", config.HiddenSize),
            Query = Projection(prefix + "attn_q", config.QueryWidth, config.HiddenSize),
            Key = Projection(prefix + "attn_k", config.KeyValueWidth, config.HiddenSize),
            Value = Projection(prefix + "attn_v", config.KeyValueWidth, config.HiddenSize),
            AttentionOutput = Projection(prefix + "attn_output", config.HiddenSize, config.QueryWidth),
            FeedForwardNorm = Vector(prefix + "ffn_norm.weight", config.HiddenSize),
            FeedForward = hasExperts ? null : FeedForward(prefix, "", config.IntermediateSize),
            Experts = hasExperts ? Experts(prefix, config.Experts!) : null,
        };
    }

    private FeedForward FeedForward(string prefix, string suffix, int width) => new(
        Projection($"{prefix}ffn_gate{suffix}", width, config.HiddenSize),
        Projection($"{prefix}ffn_up{suffix}", width, config.HiddenSize),
        Projection($"{prefix}ffn_down{suffix}", config.HiddenSize, width));

    private ExpertLayer Experts(string prefix, MixtureOfExperts experts)
    {
        var gate = Stack(prefix + "ffn_gate_exps.weight", experts.Count, experts.IntermediateSize, config.HiddenSize);
        var up = Stack(prefix + "ffn_up_exps.weight", experts.Count, experts.IntermediateSize, config.HiddenSize);
        var down = Stack(prefix + "ffn_down_exps.weight", experts.Count, config.HiddenSize, experts.IntermediateSize);
        return new ExpertLayer(
            // A score that is a little off may choose another expert.
            Projection(prefix + "ffn_gate_inp", experts.Count, config.HiddenSize, isExact: true),
            [.. Enumerable.Range(0, experts.Count).Select(i => new FeedForward(gate[i], up[i], down[i]))],
            FeedForward(prefix, "_shexp", experts.IntermediateSize),
            experts.IntermediateSize);
    }

    private double[] InverseFrequencies()
    {
        const string Name = "rope_freqs.weight";
        var divisors = _tensors.ContainsKey(Name) ? Vector(Name, config.RotaryDim / 2) : [];
        if (Array.FindIndex(divisors, d => !float.IsFinite(d) || d <= 0) is var bad and >= 0)
            throw _tensors[Name].Error($"divisor {bad} is {divisors[bad]}, not a positive number");
        // Llama 3's divisors are float32 roundings of a scaling that is known exactly: so every kind of file gives the same angles.
        return config.RotaryScaling is null && Llama3ScalingFit.Find(divisors, config.RopeTheta) is { } scaling
            ? (config with { RotaryScaling = scaling }).InverseFrequencies([])
            : config.InverseFrequencies(divisors);
    }

    private Projection Projection(string name, int rows, int columns, bool isExact = false) => new(
        name + ".weight",
        Matrix(name + ".weight", rows, columns, isExact),
        _tensors.ContainsKey(name + ".bias") ? Vector(name + ".bias", rows) : null);

    private PackedMatrix Matrix(string name, int rows, int columns, bool isExact = false)
    {
        var tensor = Require(name, columns, rows);
        return Find(tensor, name, rows, columns, isExact) ?? Pack(tensor, name, source.Read(tensor), rows, columns, isExact);
    }

    /// <summary>The matrices of all experts.</summary>
    private Projection[] Stack(string name, int count, int rows, int columns)
    {
        var tensor = Require(name, columns, rows, count);
        return
        [
            .. Enumerable.Range(0, count).Select(expert =>
            {
                var part = $"{name}[{expert}]";
                var matrix = Find(tensor, part, rows, columns) ?? Pack(tensor, part, source.ReadExpert(tensor, expert), rows, columns);
                return new Projection(name, matrix, bias: null);
            }),
        ];
    }

    /// <summary>The matrix as it was packed before, or null.</summary>
    private PackedMatrix? Find(ModelTensor tensor, string name, int rows, int columns, bool isExact = false)
    {
        if (cache?.Find(name, tensor.Type!.Value, rows, columns) is not { } packed)
            return null;
        var matrix = PackedMatrix.FromPacked(packed, tensor.Type.Value, rows, columns, context, isExact);
        _loaded.Add((name, matrix));
        return matrix;
    }

    private PackedMatrix Pack(ModelTensor tensor, string name, TensorContent content, int rows, int columns, bool isExact = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = Stopwatch.GetTimestamp();
        if (BlockScales.FindNotFinite(content.Data, tensor.Type!.Value, context) is >= 0 and var block)
        {
            var rowBlocks = columns / TensorTypes.FormatOf(tensor.Type.Value).Weights;
            throw tensor.Error($"the scale of block {block % rowBlocks} in row {block / rowBlocks} is not a finite number; the file is damaged");
        }
        var matrix = PackedMatrix.Pack(content.Data, tensor.Type!.Value, rows, columns, context, isExact);
        PackingTime += Stopwatch.GetElapsedTime(start);
        _loaded.Add((name, matrix));
        // A matrix that takes no memory of its own goes on reading the content.
        if (matrix.PackedBytes > 0)
            content.Dispose();
        return matrix;
    }

    private float[] Vector(string name, int length)
    {
        var tensor = Require(name, length);
        if (tensor.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
            throw tensor.Error($"has type {tensor.Type}; expected F32, F16 or BF16");
        using var content = source.Read(tensor);
        using var matrix = PackedMatrix.Pack(content.Data, tensor.Type.Value, 1, length, context);
        var values = new float[length];
        matrix.CopyRow(0, values);
        return values;
    }

    private ModelTensor Require(string name, params ReadOnlySpan<long> dimensions)
    {
        var tensor = _tensors.GetValueOrDefault(name) ?? throw source.Missing(name);
        if (tensor.Type is not { } type || !TensorTypes.IsReadable(type))
            throw tensor.Error($"has type {tensor.TypeName}, which Ayni does not read; readable: {string.Join(", ", TensorTypes.Readable)}");
        // A vector may be stored as [n] or [n, 1]; ggml's first dimension is the contiguous one.
        var actual = tensor.Dimensions.AsSpan().TrimEnd(1);
        if (!actual.SequenceEqual(dimensions.TrimEnd(1)))
        {
            throw tensor.Error(
                $"has shape {source.Describe(tensor.Dimensions.AsSpan())}; the model's configuration asks for {source.Describe(dimensions)}");
        }
        _bytesDone += tensor.Bytes;
        progress?.Report(Math.Min(1, (double)_bytesDone / _bytes));
        return tensor;
    }

    /// <summary>
    /// A tensor that the forward pass would not use, such as one of another kind of layer, changes what the model means: it is refused,
    /// never ignored.
    /// </summary>
    private void RefuseUnknownTensors()
    {
        foreach (var tensor in source.Tensors)
        {
            if (!IsKnown(tensor.Name))
                throw tensor.Error("the model has this tensor and Ayni's forward pass does not use it");
        }
    }

    private bool IsKnown(string name)
    {
        if (name is "token_embd.weight" or "output.weight" or "output_norm.weight" or "rope_freqs.weight")
            return true;
        var parts = name.Split('.');
        if (parts is not ["blk", var number, var part, var kind]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) || layer >= config.LayerCount)
        {
            return false;
        }
        var hasExperts = config.Experts?.Layers.Contains(layer) ?? false;
        return (part, kind) switch
        {
            ("attn_norm" or "ffn_norm", "weight") => true,
            ("attn_q" or "attn_k" or "attn_v" or "attn_output", "weight" or "bias") => true,
            ("ffn_gate" or "ffn_up" or "ffn_down", "weight" or "bias") => !hasExperts,
            ("ffn_gate_inp" or "ffn_gate_exps" or "ffn_up_exps" or "ffn_down_exps", "weight") => hasExperts,
            ("ffn_gate_shexp" or "ffn_up_shexp" or "ffn_down_shexp", "weight") => hasExperts,
            _ => false,
        };
    }
}
