using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Writes a recipe as it was understood: every field, those left out with the values that were taken for them.</summary>
internal static class RecipeWriter
{
    /// <summary>A recipe's words for personal data.</summary>
    public static readonly ImmutableArray<(string Word, PersonalDataKinds Kind)> MaskWords =
    [
        ("email", PersonalDataKinds.Email), ("phone", PersonalDataKinds.Phone), ("card", PersonalDataKinds.Card),
        ("iban", PersonalDataKinds.Iban),
    ];

    /// <summary>The text, which reads as the same recipe.</summary>
    public static string Write(Recipe recipe)
    {
        var yaml = new StringBuilder();
        Add(0, "name", Text(recipe.Name));
        Add(0, "model");
        if (recipe.NewModel is { } shape)
        {
            Add(1, "tokenizer", Text(recipe.Tokenizer!));
            Add(1, "new");
            Add(2, "hidden_size", shape.HiddenSize);
            Add(2, "intermediate_size", shape.IntermediateSize);
            Add(2, "layers", shape.Layers);
            Add(2, "heads", shape.Heads);
            Add(2, "key_value_heads", shape.KeyValueHeads);
            Add(2, "head_dim", shape.HeadDim);
            Add(2, "context_length", shape.ContextLength);
            Add(2, "rope_theta", shape.RopeTheta);
            Add(2, "rms_norm_epsilon", shape.RmsNormEpsilon);
            Add(2, "tie_embeddings", shape.TiesEmbeddings ? "true" : "false");
            AddScaling(shape.RopeScaling, Add);
            if (shape.Experts is { } experts)
            {
                Add(2, "experts");
                Add(3, "count", experts.Count);
                Add(3, "intermediate_size", experts.IntermediateSize);
                Add(3, "every", experts.Every);
            }
        }
        else
        {
            Add(1, "parent", Text(recipe.Parent!));
        }
        AddData(recipe, Add);
        AddTraining(recipe, Add);
        if (recipe.Adapter is { } adapter)
        {
            Add(0, "adapter");
            Add(1, "rank", adapter.Rank);
            Add(1, "alpha", adapter.Alpha);
            Add(1, "dropout", adapter.Dropout);
            Add(1, "rank_root", adapter.UsesRankRoot ? "true" : "false");
            Add(1, "targets", List(adapter.Targets));
        }
        Add(0, "output");
        Add(1, "folder", Text(recipe.Output.Folder));
        Add(1, "format", Word(recipe.Output.Format));
        Add(1, "type", Text(recipe.Output.Type));
        if (recipe.Output.Licence is { } licence)
            Add(1, "licence", Text(licence));
        if (recipe.Output.Author is { } author)
            Add(1, "author", Text(author));
        if (recipe.Output.Description is { } description)
            Add(1, "description", Text(description));
        return yaml.ToString();

        void Add(int depth, string name, object? value = null) =>
            yaml.Append(' ', 2 * depth).Append(name).Append(':')
                .Append(value is null ? "" : string.Create(CultureInfo.InvariantCulture, $" {value}")).Append('\n');
    }

    private static void AddScaling(RotaryScaling? scaling, Action<int, string, object?> add)
    {
        if (scaling is null)
            return;
        add(2, "rope_scaling", null);
        add(3, "type", scaling switch { LinearRotaryScaling => "linear", YarnRotaryScaling => "yarn", _ => "llama3" });
        add(3, "factor", scaling.Factor);
        if (scaling is YarnRotaryScaling yarn)
            add(3, "original_context_length", yarn.OriginalContextLength);
        if (scaling is Llama3RotaryScaling llama)
        {
            add(3, "low_frequency_factor", llama.LowFrequencyFactor);
            add(3, "high_frequency_factor", llama.HighFrequencyFactor);
            add(3, "original_context_length", llama.OriginalContextLength);
        }
    }

    private static void AddData(Recipe recipe, Action<int, string, object?> add)
    {
        add(0, "data", null);
        add(1, "allow", List(recipe.AllowedLicences));
        add(1, "duplicates", Word(recipe.Duplicates));
        add(1, "sources", null);
        foreach (var source in recipe.Sources)
        {
            add(2, "- name", Text(source.Name));
            add(3, "path", Text(source.Path));
            add(3, "format", source.Format == DataFormat.JsonLines ? "jsonl" : Word(source.Format));
            add(3, "licence", Text(source.Licence));
            add(3, "origin", Text(source.Origin));
            add(3, "rights_holder", Text(source.RightsHolder));
            if (source.GeneratedBy is { } model)
                add(3, "generated_by", Text(model));
            add(3, "share", source.Share);
            add(3, "weight", source.Weight);
            add(3, "visibility", source.IsPrivate ? "private" : "public");
            if (source.Mask != PersonalDataKinds.None)
                add(3, "mask", List(WordsOf(source.Mask)));
        }
    }

    private static void AddTraining(Recipe recipe, Action<int, string, object?> add)
    {
        add(0, "validation", null);
        add(1, "share", recipe.Validation.Share);
        add(1, "every", recipe.Validation.Every);
        add(1, "batches", recipe.Validation.Batches);
        add(0, "training", null);
        add(1, "batch", recipe.Batch);
        if (recipe.Context is { } context)
            add(1, "context", context);
        if (recipe.PreferenceBeta is { } beta)
        {
            add(1, "method", "dpo");
            add(1, "beta", beta);
        }
        add(1, "accumulation", recipe.Accumulation);
        add(1, recipe.Steps is null ? "epochs" : "steps", (object?)recipe.Steps ?? recipe.Epochs);
        add(1, "recompute", recipe.Recompute ? "true" : "false");
        add(1, "precision", Word(recipe.Precision));
        add(1, "balance", recipe.Balance);
        add(1, "seed", recipe.Seed);
        add(1, "checkpoint_every", recipe.CheckpointEvery);
        var optimizer = recipe.Optimizer;
        add(0, "optimizer", null);
        add(1, "name", Word(optimizer.Kind));
        add(1, "rate", optimizer.PeakRate);
        add(1, "beta1", optimizer.AdamW.Beta1);
        add(1, "beta2", optimizer.AdamW.Beta2);
        add(1, "epsilon", optimizer.AdamW.Epsilon);
        add(1, "weight_decay", optimizer.AdamW.WeightDecay);
        if (optimizer.Kind == OptimizerKind.Muon)
        {
            add(1, "momentum", optimizer.Muon.Momentum);
            add(1, "rate_ratio", optimizer.Muon.RateRatio);
            add(1, "matrix_decay", optimizer.Muon.WeightDecay);
        }
        add(1, "clip", double.IsFinite(optimizer.ClipNorm) ? optimizer.ClipNorm : "Infinity");
        add(0, "schedule", null);
        add(1, "decay", Word(optimizer.Decay));
        add(1, "warm_up", optimizer.WarmUpSteps);
        add(1, "end_rate", optimizer.EndRate);
    }

    /// <summary>The words for some kinds of personal data.</summary>
    public static IEnumerable<string> WordsOf(PersonalDataKinds mask) =>
        MaskWords.Where(kind => mask.HasFlag(kind.Kind)).Select(kind => kind.Word);

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items.Select(Text))}]";

    /// <summary>A text in double quotes, with what YAML and JSON escape alike.</summary>
    private static string Text(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";
}
