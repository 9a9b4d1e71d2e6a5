using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// Where a run's model comes from, a parent or a shape, and all that a model's file says beside the weights that are trained. Holds the
/// parent's files open. One thread at a time.
/// </summary>
internal sealed class ModelOrigin : IDisposable
{
    private readonly ModelSource? _source;
    private readonly ComputeContext _context = new(KernelTier.Scalar, 1);
    private readonly IReadOnlyList<(string Key, object Value)> _metadata;
    private readonly IReadOnlyList<OutputTensor>? _tensors;

    private ModelOrigin(Recipe recipe, ModelSource parent, CancellationToken cancellationToken)
    {
        _source = parent;
        Vocabulary = TokenizerDescription.Of(parent)
            ?? throw new ModelFormatException(parent.Path, -1, "tokenizer", "the parent has none, so there is nothing to read text with");
        ChatTemplate = parent.ChatTemplate;
        Config = parent.ReadConfig(Vocabulary.Tokenizer);
        var (metadata, tensors) = GgufConversion.Plan(parent, new WeightStreams(parent, new RowConverter(_context, cancellationToken)),
            mix: null);
        _metadata = Named(recipe, metadata, parent);
        _tensors = tensors;
        TiesEmbeddings = parent.Tensors.All(tensor => tensor.Name != "output.weight");
    }

    private ModelOrigin(Recipe recipe, NewModelShape shape, NewVocabulary vocabulary)
    {
        Vocabulary = vocabulary.Description;
        ChatTemplate = vocabulary.ChatTemplate;
        Config = new LlamaConfig
        {
            HiddenSize = shape.HiddenSize,
            IntermediateSize = shape.IntermediateSize,
            LayerCount = shape.Layers,
            HeadCount = shape.Heads,
            KeyValueHeadCount = shape.KeyValueHeads,
            HeadDim = shape.HeadDim,
            RotaryDim = shape.HeadDim,
            // As its file will say it.
            RopeTheta = (float)shape.RopeTheta,
            RotaryScaling = shape.RopeScaling,
            RmsNormEpsilon = (float)shape.RmsNormEpsilon,
            VocabularySize = Vocabulary.Tokens.Length,
            ContextLength = shape.ContextLength,
        };
        if (shape.Experts is { } experts)
            Config = GgufConfig.WithLlama4(Config, experts.Count, experts.IntermediateSize, experts.Every);
        if ((long)Config.VocabularySize * Config.HiddenSize > Array.MaxLength)
        {
            throw recipe.Error(
                "model.new", $"{Config.VocabularySize} tokens of {Config.HiddenSize} values are more than fit in one matrix");
        }
        TiesEmbeddings = shape.TiesEmbeddings;
        var metadata = new List<(string, object)>
        {
            ("general.architecture", GgufConfigWriter.ArchitectureOf(Config)),
            ("general.type", "model"),
        };
        metadata.AddRange(GgufConfigWriter.Write(recipe.Path, Config));
        metadata.AddRange(GgufTokenizerWriter.Write(vocabulary.Path, Vocabulary, Config.VocabularySize, vocabulary.EndOfGeneration));
        if (ChatTemplate is not null)
            metadata.Add(("tokenizer.chat_template", ChatTemplate));
        _metadata = Named(recipe, metadata, parent: null);
    }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>Whether the output head is the token embeddings.</summary>
    public bool TiesEmbeddings { get; }

    /// <summary>The vocabulary.</summary>
    public TokenizerDescription Vocabulary { get; }

    /// <summary>The chat template, or null.</summary>
    public string? ChatTemplate { get; }

    /// <summary>The parent; null where there is none.</summary>
    public ModelSource? Parent => _source;

    /// <summary>Opens what a recipe starts from.</summary>
    /// <exception cref="ModelFormatException">The parent or the tokenizer can't be read.</exception>
    /// <exception cref="RecipeException">There is no such file, or the model is too large for this machine.</exception>
    public static ModelOrigin Open(Recipe recipe, CancellationToken cancellationToken)
    {
        var path = PathOf(recipe);
        if (!Path.Exists(path))
            throw recipe.Error(recipe.Parent is null ? "model.tokenizer" : "model.parent", $"there is no file or folder {path}");
        return recipe.NewModel is { } shape
            ? new ModelOrigin(recipe, shape, NewVocabulary.Read(path)) : OpenAsParent(recipe, path, cancellationToken);
    }

    /// <summary>
    /// Opens a model as a recipe's parent: the parent itself or, to read the recipe's data, a model that was tuned from it, which has its
    /// vocabulary, chat template and shape, though not its weights.
    /// </summary>
    /// <exception cref="ModelFormatException">The model can't be read.</exception>
    public static ModelOrigin OpenAsParent(Recipe recipe, string model, CancellationToken cancellationToken)
    {
        var source = ModelSource.Open(model);
        try
        {
            return new ModelOrigin(recipe, source, cancellationToken);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Where a recipe's parent should be and isn't; null where it is there, or the recipe has none.</summary>
    public static string? FindMissingParent(Recipe recipe) =>
        recipe.Parent is not null && PathOf(recipe) is var path && !Path.Exists(path) ? path : null;

    /// <summary>The model as it is before any training.</summary>
    public TrainableModel CreateModel(Recipe recipe, CancellationToken cancellationToken) => _source is not null
        ? recipe.Adapter is null ? TrainableModel.Load(_source, cancellationToken) : TrainableModel.LoadFrozen(_source, cancellationToken)
        : TrainableModel.Create(Config, TiesEmbeddings, recipe.Seed);

    /// <summary>SHA-256 of the parent; null where there is none.</summary>
    public string? ComputeParentDigest() => _source is null ? null : Convert.ToHexStringLower(_source.ComputeDigest().Span);

    /// <summary>Writes a GGUF file with the model's weights as they are now, in float32.</summary>
    public void WriteGguf(string path, TrainableModel model)
    {
        var parameters = model.Parameters.ToLookup(parameter => parameter.Name, StringComparer.Ordinal);
        var writer = new GgufWriter();
        foreach (var (key, value) in _metadata)
            writer.Add(key, value);
        foreach (var tensor in _tensors ?? [.. OutputsOf(model)])
        {
            var trained = parameters[tensor.Name];
            if (trained.Any())
                writer.AddTensor(tensor.Name, TensorType.F32, tensor.Dimensions, stream => WriteValues(trained, stream));
            else
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, tensor.Write);
        }
        writer.Save(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        _context.Dispose();
    }

    private static string PathOf(Recipe recipe) => Path.GetFullPath(Path.Combine(recipe.Folder, recipe.Parent ?? recipe.Tokenizer!));

    private void WriteValues(IEnumerable<Parameter> parameters, Stream stream)
    {
        foreach (var parameter in parameters)
            stream.Write(MemoryMarshal.AsBytes(parameter.ReadValues(_context).AsSpan()));
    }

    private IEnumerable<OutputTensor> OutputsOf(TrainableModel model)
    {
        if (Config.RotaryScaling is Llama3RotaryScaling scaling)
            yield return GgufConversion.Divisors(scaling, Config);
        // Experts' matrices of one kind are one tensor.
        foreach (var stack in model.Parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal))
        {
            var first = stack.First();
            ImmutableArray<long> dimensions = first switch
            {
                { Role: ParameterRole.Norm } => [first.Columns],
                { Expert: null } => [first.Columns, first.Rows],
                _ => [first.Columns, first.Rows, stack.Count()],
            };
            yield return new OutputTensor(first.Name, TensorType.F32, dimensions, stream => WriteValues(stack, stream));
        }
    }

    /// <summary>
    /// A model's metadata with what its recipe says of it, under GGUF's standard keys. What the recipe leaves out of licence, author and
    /// description stays as the parent has it.
    /// </summary>
    private static List<(string Key, object Value)> Named(Recipe recipe, IEnumerable<(string Key, object Value)> metadata, ModelSource? parent)
    {
        var own = new List<(string Key, object Value)>
        {
            ("general.name", recipe.Name),
            ("general.file_type", (uint)QuantizationMix.Find(nameof(TensorType.F32))!.FileType),
        };
        AddText("general.license", recipe.Output.Licence);
        AddText("general.author", recipe.Output.Author);
        AddText("general.description", recipe.Output.Description);
        if (parent is not null)
        {
            own.Add(("general.base_model.count", 1u));
            own.Add(("general.base_model.0.name", parent.Metadata.FindString("general.name") ?? parent.Name));
        }
        var replaced = own.Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. metadata.Where(pair => !replaced.Contains(pair.Key)
                && !(parent is not null && pair.Key.StartsWith("general.base_model.", StringComparison.Ordinal))),
            .. own,
        ];

        void AddText(string key, string? text)
        {
            if (text is not null)
                own.Add((key, text));
        }
    }
}

/// <summary>The vocabulary of a model that is to be made.</summary>
internal sealed record NewVocabulary(string Path, TokenizerDescription Description, string? ChatTemplate,
    IReadOnlyList<int> EndOfGeneration)
{
    /// <summary>Reads a bare tokenizer file, or takes a model's.</summary>
    public static NewVocabulary Read(string path)
    {
        if (!Directory.Exists(path) && !IsGguf(path))
        {
            var description = TokenizerDescription.Read(path);
            return new NewVocabulary(path, description, description.Tokenizer.ChatTemplate, []);
        }
        using var source = ModelSource.Open(path);
        return new NewVocabulary(
            path,
            TokenizerDescription.Of(source) ?? throw new ModelFormatException(path, -1, "tokenizer", "there is none here"),
            source.ChatTemplate,
            source.EndOfGeneration);
    }

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }
}
