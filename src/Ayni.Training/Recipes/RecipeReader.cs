using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Reads recipes.</summary>
internal static partial class RecipeReader
{
    private const int MostSources = 1000;
    private const int MostWidth = 1 << 20;
    private const int MostExperts = 4096;
    private const double Tiny = 1e-12;

    /// <summary>Reads a recipe from its text.</summary>
    /// <exception cref="RecipeException">It can't be followed.</exception>
    public static Recipe Read(string path, string text)
    {
        var parsed = RecipeParser.Parse(path, text);
        var root = new RecipeFields(path, parsed);
        var model = root.Fields("model");
        var data = root.Fields("data");
        var training = root.Fields("training");
        var validation = root.FindFields("validation");
        var allowed = AllowedLicences(data);
        var shape = model.FindFields("new");
        var adapter = root.FindFields("adapter");
        var recipe = new Recipe
        {
            Path = path,
            Root = parsed,
            Name = root.FindString("name") ?? Path.GetFileNameWithoutExtension(path),
            NewModel = shape is null ? null : ReadShape(shape),
            Parent = model.FindString("parent"),
            Tokenizer = model.FindString("tokenizer"),
            AllowedLicences = allowed,
            Sources = ReadSources(data, allowed),
            Duplicates = data.Choice("duplicates", DuplicatePolicy.Near, ("near", DuplicatePolicy.Near), ("exact", DuplicatePolicy.Exact)),
            Validation = new ValidationPlan(
                validation?.Number("share", 0, 0.9) ?? 0, validation?.Integer("every", 1, int.MaxValue, 100) ?? 100,
                validation?.Integer("batches", 1, 1_000_000, 16) ?? 16),
            Batch = training.Integer("batch", 1, 65_536),
            Context = (int?)training.FindInteger("context", 2, 1 << 24),
            PreferenceBeta = ReadPreferenceBeta(training),
            Accumulation = training.Integer("accumulation", 1, 65_536, 1),
            Steps = training.FindInteger("steps", 1, 1_000_000_000_000),
            Epochs = training.Has("epochs") ? training.Number("epochs", Tiny, 1_000_000) : null,
            Recompute = training.Boolean("recompute", false),
            // Llama 4's own router_aux_loss_coef.
            Balance = training.Number("balance", 0, 1000, 0.001),
            Precision = training.Choice(
                "precision", ProductPrecision.F32, ("f32", ProductPrecision.F32), ("bf16", ProductPrecision.BF16)),
            Seed = (ulong)(training.FindInteger("seed", 0, long.MaxValue) ?? 1),
            CheckpointEvery = training.Integer("checkpoint_every", 1, int.MaxValue, 100),
            Optimizer = ReadOptimizer(root.Fields("optimizer"), root.FindFields("schedule")),
            Adapter = adapter is null ? null : ReadAdapter(adapter),
            Output = ReadOutput(root.Fields("output"), adapter is not null),
        };
        foreach (var fields in (RecipeFields?[])[root, model, data, training, validation])
            fields?.RefuseUnknown();
        if ((recipe.NewModel is null) == (recipe.Parent is null))
            throw model.Error("a model is either 'new', with its shape, or has a 'parent'");
        if ((recipe.NewModel is null) != (recipe.Tokenizer is null))
            throw model.Error(
                "tokenizer", recipe.NewModel is null ? "a parent brings its own" : "a new model needs one: a tokenizer's file, or a model");
        if ((recipe.Steps is null) == (recipe.Epochs is null))
            throw training.Error("give either 'steps' or 'epochs'");
        if (recipe.Adapter is not null && recipe.NewModel is not null)
            throw root.Error("adapter", "an adapter changes a model that has learned already; give it a parent");
        if (recipe.PreferenceBeta is not null && recipe.Adapter is null)
            throw training.Error("method", "dpo trains an adapter, since the model without it is what answers are compared with; add 'adapter'");
        if (recipe.Sources.FirstOrDefault(source => (source.Format == DataFormat.Preferences) != recipe.PreferenceBeta.HasValue) is { } wrong)
        {
            throw data.Error("sources", recipe.PreferenceBeta is null
                ? $"'{wrong.Name}' has pairs of answers, which are learned from with 'method: dpo' under 'training'"
                : $"dpo learns from pairs of answers; '{wrong.Name}' needs 'format: preferences'");
        }
        if (recipe.Adapter is null && recipe.Output.Format == TrainedFormat.Adapter)
            throw root.Error("output", "there is no adapter to be written; its format is gguf or safetensors");
        return recipe;
    }

    private static double? ReadPreferenceBeta(RecipeFields training)
    {
        var isDpo = training.Choice("method", false, ("language", false), ("dpo", true));
        if (!isDpo && training.Has("beta"))
            throw training.Error("beta", "this belongs to 'method: dpo'");
        return isDpo ? training.Number("beta", Tiny, 1e6, 0.1) : null;
    }

    private static ImmutableArray<string> AllowedLicences(RecipeFields data)
    {
        var allowed = data.Strings("allow");
        return allowed.FirstOrDefault(licence => !SpdxIdentifier().IsMatch(licence)) is { } wrong
            ? throw data.Error("allow", $"'{wrong}' is no SPDX identifier, such as Apache-2.0 or CC0-1.0")
            : allowed;
    }

    private static ImmutableArray<DataSource> ReadSources(RecipeFields data, ImmutableArray<string> allowed)
    {
        var sources = ImmutableArray.CreateBuilder<DataSource>();
        foreach (var fields in data.ListOfFields("sources"))
        {
            var name = fields.String("name");
            if (sources.Any(other => other.Name == name))
                throw fields.Error("name", $"there is a source '{name}' already");
            if (sources.Count == MostSources)
                throw fields.Error($"there are more than {MostSources} sources");
            var licence = fields.FindString("licence")
                ?? throw fields.Error($"the source '{name}' has no licence; say which it is under, or leave it out");
            if (!allowed.Contains(licence, StringComparer.OrdinalIgnoreCase))
            {
                throw fields.Error(
                    "licence", $"the source '{name}' is under {licence}, which the recipe does not allow "
                    + $"({string.Join(", ", allowed)}); leave it out");
            }
            sources.Add(new DataSource
            {
                Name = name,
                Path = fields.String("path"),
                Format = fields.Choice(
                    "format", DataFormat.Auto, ("auto", DataFormat.Auto), ("text", DataFormat.Text), ("jsonl", DataFormat.JsonLines),
                    ("chat", DataFormat.Chat), ("preferences", DataFormat.Preferences)),
                Licence = licence,
                Origin = fields.String("origin"),
                RightsHolder = fields.String("rights_holder"),
                GeneratedBy = fields.FindString("generated_by"),
                Share = fields.Millionths("share", 0, 1, 1),
                Weight = fields.Millionths("weight", 1e-6, 1000, 1),
                IsPrivate = fields.Choice("visibility", false, ("public", false), ("private", true)),
                Mask = ReadMask(fields),
            });
            fields.RefuseUnknown();
        }
        return sources.ToImmutable();
    }

    private static PersonalDataKinds ReadMask(RecipeFields fields)
    {
        var mask = PersonalDataKinds.None;
        foreach (var word in fields.Has("mask") ? fields.Strings("mask") : [])
        {
            mask |= RecipeWriter.MaskWords.FirstOrDefault(kind => kind.Word == word) is { Word: not null } found
                ? found.Kind
                : throw fields.Error("mask", $"'{word}' is none of {string.Join(", ", RecipeWriter.MaskWords.Select(kind => kind.Word))}");
        }
        return mask;
    }

    private static NewModelShape ReadShape(RecipeFields fields)
    {
        var hidden = fields.Integer("hidden_size", 2, MostWidth);
        var heads = fields.Integer("heads", 1, 65_536);
        var shape = new NewModelShape(
            hidden,
            fields.Integer("intermediate_size", 1, MostWidth),
            fields.Integer("layers", 1, 10_000),
            heads,
            fields.Integer("key_value_heads", 1, 65_536, heads),
            fields.Integer("head_dim", 2, 65_536, Math.Max(2, hidden / heads)),
            fields.Integer("context_length", 2, 1 << 24),
            fields.Number("rope_theta", 1, 1e12, 10_000),
            fields.Number("rms_norm_epsilon", Tiny, 0.1, 1e-5),
            fields.Boolean("tie_embeddings", true));
        shape = shape with
        {
            RopeScaling = fields.FindFields("rope_scaling") is { } scaling ? ReadScaling(scaling, shape.ContextLength) : null,
            Experts = fields.FindFields("experts") is { } experts ? ReadExperts(experts, shape) : null,
        };
        if (shape.Heads % shape.KeyValueHeads != 0)
            throw fields.Error("key_value_heads", $"{shape.KeyValueHeads} do not divide the {shape.Heads} heads");
        if (shape.HeadDim % 2 != 0 || (long)shape.HeadDim * shape.Heads > MostWidth)
            throw fields.Error("head_dim", $"{shape.HeadDim} values a head: expected an even number, and at most {MostWidth} in all heads");
        if ((long)shape.HiddenSize * Math.Max(shape.IntermediateSize, shape.HeadDim * shape.Heads) > Array.MaxLength)
            throw fields.Error("a matrix of this shape has more weights than fit");
        fields.RefuseUnknown();
        return shape;
    }

    private static NewExperts ReadExperts(RecipeFields fields, NewModelShape shape)
    {
        var experts = new NewExperts(
            fields.Integer("count", 1, MostExperts),
            fields.Integer("intermediate_size", 1, MostWidth, shape.IntermediateSize),
            fields.Integer("every", 1, shape.Layers, 1));
        if ((long)shape.HiddenSize * Math.Max(experts.IntermediateSize, experts.Count) > Array.MaxLength)
            throw fields.Error("a matrix of this shape has more weights than fit");
        fields.RefuseUnknown();
        return experts;
    }

    /// <summary>How frequencies are scaled, in the precision in which a model's file says it.</summary>
    private static RotaryScaling ReadScaling(RecipeFields fields, int context)
    {
        var kind = fields.Choice("type", "llama3", ("llama3", "llama3"), ("linear", "linear"), ("yarn", "yarn"));
        var factor = (double)(float)fields.Number("factor", 1, 1e6);
        RotaryScaling scaling;
        if (kind == "linear")
        {
            scaling = new LinearRotaryScaling { Factor = factor };
        }
        else
        {
            var original = fields.Integer("original_context_length", 2, context);
            scaling = kind == "yarn"
                ? new YarnRotaryScaling
                {
                    Factor = factor,
                    OriginalContextLength = original,
                    AttentionFactor = YarnRotaryScaling.RecommendedAttentionFactor(factor),
                }
                : new Llama3RotaryScaling
                {
                    Factor = factor,
                    LowFrequencyFactor = fields.Number("low_frequency_factor", Tiny, 1e6, 1),
                    HighFrequencyFactor = fields.Number("high_frequency_factor", Tiny, 1e6, 4),
                    OriginalContextLength = original,
                };
            if (scaling is Llama3RotaryScaling llama && llama.HighFrequencyFactor <= llama.LowFrequencyFactor)
                throw fields.Error("high_frequency_factor", "it is not more than low_frequency_factor");
        }
        fields.RefuseUnknown();
        return scaling;
    }

    private static OptimizerPlan ReadOptimizer(RecipeFields fields, RecipeFields? schedule)
    {
        var rate = fields.Number("rate", Tiny, 1e6);
        var plan = new OptimizerPlan(
            fields.Choice("name", OptimizerKind.AdamW, ("adamw", OptimizerKind.AdamW), ("muon", OptimizerKind.Muon)),
            new AdamWSettings
            {
                Beta1 = fields.Number("beta1", 0, 0.999999, 0.9),
                Beta2 = fields.Number("beta2", 0, 0.99999999, 0.95),
                Epsilon = fields.Number("epsilon", 1e-30, 1, 1e-8),
                WeightDecay = fields.Number("weight_decay", 0, 100, 0.1),
            },
            new MuonSettings
            {
                Momentum = fields.Number("momentum", 0, 0.999999, 0.95),
                RateRatio = fields.Number("rate_ratio", Tiny, 1e6, 10),
                WeightDecay = fields.Number("matrix_decay", 0, 100, 0),
            },
            fields.Number("clip", Tiny, double.PositiveInfinity, 1),
            schedule?.Choice(
                "decay", LearningRateDecay.Cosine, ("cosine", LearningRateDecay.Cosine), ("linear", LearningRateDecay.Linear),
                ("constant", LearningRateDecay.Constant)) ?? LearningRateDecay.Cosine,
            rate,
            schedule?.Number("end_rate", 0, rate, rate / 10) ?? rate / 10,
            schedule?.FindInteger("warm_up", 0, 1_000_000_000) ?? 0);
        fields.RefuseUnknown();
        schedule?.RefuseUnknown();
        return plan;
    }

    private static AdapterConfig ReadAdapter(RecipeFields fields)
    {
        var rank = fields.Integer("rank", 1, AdapterConfig.MostRank);
        var adapter = new AdapterConfig
        {
            Rank = rank,
            Alpha = fields.Number("alpha", Tiny, 1e9, 2 * rank),
            Dropout = fields.Number("dropout", 0, 0.99, 0),
            UsesRankRoot = fields.Boolean("rank_root", false),
            Targets = fields.Has("targets") ? fields.Strings("targets") : AdapterConfig.AllTargets,
        };
        if (adapter.Targets.FirstOrDefault(target => !AdapterConfig.AllTargets.Contains(target)) is { } wrong)
            throw fields.Error("targets", $"'{wrong}' is none of {string.Join(", ", AdapterConfig.AllTargets)}");
        if (adapter.Targets.Distinct(StringComparer.Ordinal).Count() < adapter.Targets.Length)
            throw fields.Error("targets", "one occurs twice");
        fields.RefuseUnknown();
        return adapter;
    }

    private static OutputPlan ReadOutput(RecipeFields fields, bool hasAdapter)
    {
        var format = fields.Choice(
            "format", hasAdapter ? TrainedFormat.Adapter : TrainedFormat.Gguf, ("gguf", TrainedFormat.Gguf),
            ("safetensors", TrainedFormat.Safetensors), ("adapter", TrainedFormat.Adapter));
        var type = fields.FindString("type") ?? "F32";
        IEnumerable<string> types = format == TrainedFormat.Gguf ? QuantizationMix.Names : ["F32", "F16", "BF16"];
        if (!types.Contains(type) || (format == TrainedFormat.Adapter && type != "F32"))
        {
            var expected = format == TrainedFormat.Adapter ? "F32" : string.Join(", ", types);
            throw fields.Error("type", $"'{type}' can't be written there; expected {expected}");
        }
        var output = new OutputPlan(fields.String("folder"), format, type)
        {
            Licence = fields.FindString("licence"),
            Author = fields.FindString("author"),
            Description = fields.FindString("description"),
        };
        if (output.Licence is { } licence && !SpdxIdentifier().IsMatch(licence))
            throw fields.Error("licence", $"'{licence}' is no SPDX identifier, such as Apache-2.0 or CC0-1.0");
        fields.RefuseUnknown();
        return output;
    }

    [GeneratedRegex(@"^[A-Za-z0-9.+-]{1,100}\z")]
    private static partial Regex SpdxIdentifier();
}
