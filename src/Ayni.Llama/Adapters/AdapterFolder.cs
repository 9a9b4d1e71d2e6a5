using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Reads and writes adapters as Hugging Face's PEFT does: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>. Rows of queries
/// and keys are kept there as in Hugging Face's models.
/// </summary>
public static class AdapterFolder
{
    private const string ConfigName = "adapter_config.json";
    private const string TensorsName = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string DownSuffix = ".lora_A.weight";
    private const string UpSuffix = ".lora_B.weight";

    /// <summary>The files of an adapter, in ordinal order.</summary>
    internal static IReadOnlyList<string> FileNames => [ConfigName, TensorsName];

    /// <summary>Reads an adapter.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The shape of the model that it belongs to.</param>
    /// <param name="shapeOf">Rows and columns of a matrix by its name in GGUF, without <c>.weight</c>; null for one the model has
    /// not.</param>
    /// <exception cref="ModelFormatException">It is no adapter that Ayni computes, or one of another model.</exception>
    public static (AdapterConfig Config, IReadOnlyList<AdapterMatrix> Matrices) Read(
        string folder, LlamaConfig model, Func<string, (int Rows, int Columns)?> shapeOf)
    {
        var config = ReadConfig(JsonFields.Read(Path.Combine(folder, ConfigName)));
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorsName));
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var names = NamesOf(model);
        var matrices = new List<AdapterMatrix>();
        foreach (var tensor in file.Tensors)
        {
            if (tensor.Name.EndsWith(UpSuffix, StringComparison.Ordinal)
                && file.Find(tensor.Name[..^UpSuffix.Length] + DownSuffix) is not null)
                continue;
            var isDown = tensor.Name.EndsWith(DownSuffix, StringComparison.Ordinal)
                && tensor.Name.StartsWith(Prefix, StringComparison.Ordinal);
            var name = isDown ? names.ToGguf(tensor.Name[Prefix.Length..^DownSuffix.Length] + ".weight")?[..^".weight".Length] : null;
            if (name is null || AdapterConfig.TargetOf(name) is null || shapeOf(name) is not var (rows, columns))
                throw Error(file, tensor, "this is no factor of a matrix that this model has and Ayni adapts");
            var up = file.Find(tensor.Name[..^DownSuffix.Length] + UpSuffix)
                ?? throw Error(file, tensor, $"its other factor, {UpSuffix[1..]}, is missing");
            var values = ReadValues(file, up, rows, config.Rank, context);
            matrices.Add(new AdapterMatrix(
                name,
                ReadValues(file, tensor, config.Rank, columns, context),
                IsInHalves(name, names) ? ToPairs(values, rows, model.HeadDim) : values));
        }
        return matrices.Count > 0
            ? (config, matrices)
            : throw new ModelFormatException(file.Path, -1, "tensors", "the file holds no factors of an adapter");
    }

    /// <summary>Writes an adapter.</summary>
    /// <param name="folder">The folder; made where it is not there. The two files in it are replaced.</param>
    /// <param name="config">Rank, scale and the rest.</param>
    /// <param name="model">The shape of the model that it belongs to.</param>
    /// <param name="matrices">The factors.</param>
    /// <param name="provenance">The digest of the adapter's manifest, or null.</param>
    public static void Write(
        string folder, AdapterConfig config, LlamaConfig model, IReadOnlyList<AdapterMatrix> matrices, string? provenance = null)
    {
        Directory.CreateDirectory(folder);
        WriteTensors(Path.Combine(folder, TensorsName), model, config.Rank, matrices, provenance);
        JsonText.Write(Path.Combine(folder, ConfigName), new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["base_model_name_or_path"] = config.BaseModel,
            ["r"] = config.Rank,
            // A whole number where it is one, as PEFT has it.
            ["lora_alpha"] = config.Alpha == Math.Truncate(config.Alpha) && Math.Abs(config.Alpha) < 1e15
                ? (long)config.Alpha
                : JsonText.Real(config.Alpha),
            ["lora_dropout"] = JsonText.Real(config.Dropout),
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["modules_to_save"] = null,
            ["target_modules"] = new JsonArray([.. config.Targets.Select(target => (JsonNode)target)]),
            ["use_rslora"] = config.UsesRankRoot,
            ["use_dora"] = false,
        });
    }

    /// <summary>Writes factors, or as many numbers about them, under PEFT's names.</summary>
    /// <param name="path">The file; one of that name is replaced.</param>
    /// <param name="model">The shape of the model that it belongs to.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="matrices">The factors.</param>
    /// <param name="provenance">The digest of the adapter's manifest, or null.</param>
    public static void WriteTensors(
        string path, LlamaConfig model, int rank, IReadOnlyList<AdapterMatrix> matrices, string? provenance = null)
    {
        var names = NamesOf(model);
        var tensors = new List<OutputTensor>();
        foreach (var matrix in matrices)
        {
            var name = Prefix + names.FromGguf(matrix.Name + ".weight")![..^".weight".Length];
            var rows = matrix.Up.Length / rank;
            tensors.Add(Tensor(name + DownSuffix, rank, matrix.Down));
            var up = IsInHalves(matrix.Name, names) ? ToHalves(matrix.Up, rows, model.HeadDim) : matrix.Up;
            tensors.Add(Tensor(name + UpSuffix, rows, up));
        }
        var partial = path + ".partial";
        File.Delete(partial);
        SafetensorsWriter.WriteFile(partial, tensors, provenance);
        File.Move(partial, path, overwrite: true);

        static OutputTensor Tensor(string name, int rows, float[] values) => new(
            name, TensorType.F32, [values.Length / rows, rows], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));
    }

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, ConfigName));

    /// <summary>SHA-256 of the manifest of what an adapter learned from, as its file says it; null where it says none.</summary>
    public static string? ReadProvenanceDigest(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorsName));
        return file.Metadata.GetValueOrDefault(ModelSource.ProvenanceKey);
    }

    /// <summary>
    /// SHA-256 of the factors alone, as <see cref="ModelSource.ComputeTensorDigest"/> computes it, but under PEFT's names and as they are
    /// stored.
    /// </summary>
    public static ReadOnlyMemory<byte> ComputeTensorDigest(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorsName));
        return TensorDigest.Compute(file.Tensors.Select(tensor => new OutputTensor(
            tensor.Name, tensor.Type.Type ?? throw Error(file, tensor, $"has type {tensor.Type.Name}, which Ayni does not read"),
            [.. tensor.Shape.Reverse()], stream => Copy(file.Data(tensor), stream))));

        static void Copy(TensorData data, Stream stream)
        {
            const int Most = 1 << 20;
            for (var start = 0L; start < data.Bytes; start += Most)
                stream.Write(data.Span(start, (int)Math.Min(Most, data.Bytes - start)));
        }
    }

    private static AdapterConfig ReadConfig(JsonFields fields)
    {
        if (fields.FindString("peft_type") is { } type && type != "LORA")
            throw fields.Error("peft_type", $"an adapter of type '{type}' is not supported; Ayni reads LORA");
        foreach (var field in (string[])[
            "use_dora", "use_qalora", "fan_in_fan_out", "lora_bias", "alora_invocation_tokens", "layer_replication"])
        {
            if (!fields.IsNothing(field))
                throw fields.Error(field, "an adapter with this feature is not supported");
        }
        if (fields.FindString("bias") is { } bias && bias != "none")
            throw fields.Error("bias", $"'{bias}' trains biases, too, which is not supported");
        if (fields.Has("modules_to_save", JsonValueKind.Array) && fields.Strings("modules_to_save").Count > 0)
            throw fields.Error("modules_to_save", "an adapter that holds whole matrices is not supported");
        foreach (var field in (string[])["rank_pattern", "alpha_pattern"])
        {
            if (fields.FindObject(field) is { } pattern && pattern.Names.Any())
                throw fields.Error(field, "other ranks for some matrices are not supported");
        }
        var rank = fields.Dimension("r");
        if (rank > AdapterConfig.MostRank)
            throw fields.Error("r", $"a rank of {rank} is more than the {AdapterConfig.MostRank} that Ayni allows");
        var dropout = fields.FindNumber("lora_dropout") ?? 0;
        return new AdapterConfig
        {
            Rank = rank,
            Alpha = fields.Positive("lora_alpha", 8),
            Dropout = dropout is >= 0 and < 1 ? dropout : throw fields.Error("lora_dropout", $"{dropout} is not from 0 to below 1"),
            UsesRankRoot = fields.FindBoolean("use_rslora") ?? false,
            Targets = fields.Has("target_modules", JsonValueKind.Array) ? [.. fields.Strings("target_modules")] : AdapterConfig.AllTargets,
            BaseModel = fields.FindString("base_model_name_or_path"),
        };
    }

    private static float[] ReadValues(SafetensorsFile file, SafetensorsTensor tensor, int rows, int columns, ComputeContext context)
    {
        if (!tensor.Shape.AsSpan().SequenceEqual([rows, columns]))
        {
            var shape = string.Join(", ", tensor.Shape);
            throw Error(file, tensor, $"has shape [{shape}]; the model and the adapter's rank ask for [{rows}, {columns}]; it may be of another model");
        }
        if (tensor.Type.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16))
            throw Error(file, tensor, $"has type {tensor.Type.Name}; expected F32, F16 or BF16");
        using var matrix = PackedMatrix.Pack(file.Data(tensor), tensor.Type.Type.Value, rows, columns, context);
        var values = new float[checked(rows * columns)];
        for (var row = 0; row < rows; row++)
            matrix.CopyRow(row, values.AsSpan(row * columns, columns));
        return Array.FindIndex(values, value => !float.IsFinite(value)) is >= 0 and var bad
            ? throw Error(file, tensor, $"holds {values[bad]}, which is not a finite number, at {bad}")
            : values;
    }

    /// <summary>A Llama 4 keeps the pairs of a head beside each other in Hugging Face's files, too.</summary>
    private static bool IsInHalves(string name, HuggingFaceNames names) =>
        names == HuggingFaceNames.Llama && AdapterConfig.TargetOf(name) is "q_proj" or "k_proj";

    private static float[] ToPairs(float[] values, int rows, int headDim) =>
        Reorder(values, data => RotaryRows.ToAdjacentPairs(data, rows, headDim));

    private static float[] ToHalves(float[] values, int rows, int headDim) =>
        Reorder(values, data => RotaryRows.ToHalves(data, rows, headDim));

    private static float[] Reorder(float[] values, Func<TensorData, NativeBuffer> reorder)
    {
        using var reordered = reorder(TensorData.CopyOf(MemoryMarshal.AsBytes(values.AsSpan())));
        return reordered.Span<float>(0, values.Length).ToArray();
    }

    private static HuggingFaceNames NamesOf(LlamaConfig model) =>
        GgufConfigWriter.IsLlama4(model) ? HuggingFaceNames.Llama4 : HuggingFaceNames.Llama;

    private static ModelFormatException Error(SafetensorsFile file, SafetensorsTensor tensor, string problem) =>
        new(file.Path, tensor.InfoOffset, tensor.Name, problem);
}
