using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Everything that a training follows from, read from one file and checked. Immutable.</summary>
public sealed record Recipe
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>What the model is called.</summary>
    public required string Name { get; init; }

    /// <summary>The shape of a new model; null where there is a parent.</summary>
    public NewModelShape? NewModel { get; init; }

    /// <summary>The model to start from, relative to the recipe; null for a new one.</summary>
    public string? Parent { get; init; }

    /// <summary>A new model's tokenizer: its file or a model that has it, relative to the recipe; null where the parent's is
    /// taken.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>What it learns from.</summary>
    public required ImmutableArray<DataSource> Sources { get; init; }

    /// <summary>The licences that sources may have, as SPDX identifiers.</summary>
    public required ImmutableArray<string> AllowedLicences { get; init; }

    /// <summary>Which duplicates are left out.</summary>
    public DuplicatePolicy Duplicates { get; init; }

    /// <summary>What is kept for validation.</summary>
    public required ValidationPlan Validation { get; init; }

    /// <summary>Rows of a batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of a row; null for the model's context.</summary>
    public int? Context { get; init; }

    /// <summary>
    /// How much an answer's gain counts where answers that are preferred to others are learned from (<c>method: dpo</c>); null where texts
    /// are foreseen.
    /// </summary>
    public double? PreferenceBeta { get; init; }

    /// <summary>Batches of a step.</summary>
    public required int Accumulation { get; init; }

    /// <summary>Steps; null where epochs are given.</summary>
    public long? Steps { get; init; }

    /// <summary>Times that the data are seen; null where steps are given.</summary>
    public double? Epochs { get; init; }

    /// <summary>Whether activations are computed twice to save memory.</summary>
    public bool Recompute { get; init; }

    /// <summary>What the load-balance loss of every mixture of experts counts beside the loss.</summary>
    public double Balance { get; init; }

    /// <summary>To what the operands of products are rounded; weights themselves stay in float32.</summary>
    public ProductPrecision Precision { get; init; }

    /// <summary>What all randomness follows from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How parameters are changed.</summary>
    public required OptimizerPlan Optimizer { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public required int CheckpointEvery { get; init; }

    /// <summary>What is written at the end.</summary>
    public required OutputPlan Output { get; init; }

    /// <summary>The adapter to train; null to train the model itself.</summary>
    public AdapterConfig? Adapter { get; init; }

    /// <summary>The folder that its paths are relative to.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>What its text says, and where.</summary>
    internal RecipeMapping Root { get; init; } = new(1, 1, []);

    /// <summary>
    /// The error at a field, or where it is not there at what would have it: its names one below the other with dots, and numbers from 0 in
    /// lists.
    /// </summary>
    internal RecipeException Error(string field, string problem)
    {
        RecipeNode place = Root;
        foreach (var name in field.Split('.'))
        {
            var inner = place switch
            {
                RecipeMapping mapping => mapping.Fields.FirstOrDefault(pair => pair.Key.Text == name).Value,
                RecipeSequence list => list.Items[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)],
                _ => null,
            };
            if (inner is null)
                break;
            place = inner;
        }
        return new RecipeException(Path, place.Line, place.Column, $"{field[(field.LastIndexOf('.') + 1)..]}: {problem}");
    }

    /// <summary>SHA-256 of <see cref="RecipeWriter.Write"/>'s text: the same for two recipes that mean the same.</summary>
    public string ComputeDigest() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RecipeWriter.Write(this))));

    /// <summary>Reads a recipe.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="RecipeException">It can't be followed.</exception>
    public static Recipe Read(string path) => RecipeReader.Read(path, File.ReadAllText(path));
}

/// <summary>The shape of a model that is to be made.</summary>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="IntermediateSize">Width of the feed-forward layers.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="HeadDim">Values in a head.</param>
/// <param name="ContextLength">The context in tokens.</param>
/// <param name="RopeTheta">The base of the rotary frequencies.</param>
/// <param name="RmsNormEpsilon">Added to the mean square in normalization.</param>
/// <param name="TiesEmbeddings">Whether the output head is the token embeddings.</param>
public sealed record NewModelShape(
    int HiddenSize, int IntermediateSize, int Layers, int Heads, int KeyValueHeads, int HeadDim, int ContextLength, double RopeTheta,
    double RmsNormEpsilon, bool TiesEmbeddings)
{
    /// <summary>How the rotary frequencies are scaled; null for not at all.</summary>
    public RotaryScaling? RopeScaling { get; init; }

    /// <summary>The experts of a Llama 4; null for a Llama of the generations before, whose layers have one network each.</summary>
    public NewExperts? Experts { get; init; }
}

/// <summary>
/// The experts of a Llama 4 that is to be made. All else that its layers have is as in the two published ones, since a GGUF file has no
/// keys for it: attention in chunks of 8,192 tokens, every fourth layer without rotation and sharpened, and heads normalized (but with 128
/// experts).
/// </summary>
/// <param name="Count">Experts to choose among; a shared one comes on top.</param>
/// <param name="IntermediateSize">Width of each, and of the shared one.</param>
/// <param name="Every">Of every so many layers the last has experts.</param>
public sealed record NewExperts(int Count, int IntermediateSize, int Every);

/// <summary>What is kept for validation.</summary>
/// <param name="Share">The part of each source's documents; 0 for none.</param>
/// <param name="Every">Steps between validations.</param>
/// <param name="Batches">The most batches of a validation.</param>
public sealed record ValidationPlan(double Share, int Every, int Batches);

/// <summary>Which optimizer changes parameters.</summary>
public enum OptimizerKind
{
    /// <summary><see cref="Training.AdamW"/> for all parameters.</summary>
    AdamW,

    /// <summary><see cref="Training.Muon"/> for matrices, and AdamW for the rest.</summary>
    Muon,
}

/// <summary>How parameters are changed.</summary>
/// <param name="Kind">By which optimizer.</param>
/// <param name="AdamW">AdamW's constants.</param>
/// <param name="Muon">Muon's constants.</param>
/// <param name="ClipNorm">The greatest length of all gradients together.</param>
/// <param name="Decay">How the learning rate falls.</param>
/// <param name="PeakRate">The highest learning rate.</param>
/// <param name="EndRate">The last one.</param>
/// <param name="WarmUpSteps">Steps of the climb to the highest.</param>
public sealed record OptimizerPlan(
    OptimizerKind Kind, AdamWSettings AdamW, MuonSettings Muon, double ClipNorm, LearningRateDecay Decay, double PeakRate, double EndRate,
    long WarmUpSteps);

/// <summary>What is written of a trained model.</summary>
public enum TrainedFormat
{
    /// <summary>One GGUF file.</summary>
    Gguf,

    /// <summary>A Hugging Face folder.</summary>
    Safetensors,

    /// <summary>A PEFT folder with the adapter alone.</summary>
    Adapter,
}

/// <summary>What is written at the end.</summary>
/// <param name="Folder">The run's folder, relative to the recipe.</param>
/// <param name="Format">The kind of file. A model's file has the adapter merged into it.</param>
/// <param name="Type">The type of a model's weights, by its name in <c>ayni quantize</c>.</param>
public sealed record OutputPlan(string Folder, TrainedFormat Format, string Type)
{
    /// <summary>The licence that a model is handed on under, as an SPDX identifier; null says nothing new of it.</summary>
    public string? Licence { get; init; }

    /// <summary>Who made a model; null says nothing.</summary>
    public string? Author { get; init; }

    /// <summary>What a model is, in a sentence; null says nothing.</summary>
    public string? Description { get; init; }
}
