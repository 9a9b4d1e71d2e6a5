using System.Text.Json.Serialization;

namespace Ayni.Training;

/// <summary>Where a run is, beside its numbers. All its randomness follows from the recipe's seed and the step, so there is no other
/// state.</summary>
/// <param name="Step">Steps made: the position in the data, in the schedule and in every random sequence.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="LearnedTokens">Those of them that were learned.</param>
/// <param name="SmoothedLoss">The running mean of the loss, or null before the first step.</param>
/// <param name="LowestLoss">The lowest that this was.</param>
/// <param name="Identity">The run it belongs to.</param>
internal sealed record Checkpoint(
    long Step, long Tokens, long LearnedTokens, double? SmoothedLoss, double? LowestLoss, RunIdentity Identity);

/// <summary>A checkpoint file's header.</summary>
internal sealed record CheckpointHeader(Checkpoint Checkpoint, IReadOnlyList<CheckpointTensor> Tensors);

/// <summary>Numbers in a checkpoint.</summary>
internal sealed record CheckpointTensor(string Name, int Length);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(CheckpointHeader))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
