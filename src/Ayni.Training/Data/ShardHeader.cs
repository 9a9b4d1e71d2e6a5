using System.Text.Json.Serialization;

namespace Ayni.Training;

/// <summary>What a shard says of itself.</summary>
/// <param name="Tokenizer">SHA-256 of the vocabulary and the chat template.</param>
/// <param name="Sources">The sources, one after another in the shard.</param>
public sealed record ShardHeader(string Tokenizer, IReadOnlyList<ShardSource> Sources);

/// <summary>A source in a shard.</summary>
/// <param name="Name">The recipe's name for it.</param>
/// <param name="Digest">SHA-256 of its files' names and contents.</param>
/// <param name="Reading">How its documents are read: their format, what is masked and which duplicates are left out.</param>
/// <param name="Files">Its files.</param>
/// <param name="Documents">Its documents, without duplicates.</param>
/// <param name="Tokens">Their tokens.</param>
/// <param name="LearnedTokens">Those of them that are to be learned.</param>
/// <param name="ExactDuplicates">Documents left out because one before, of any source, says the same.</param>
/// <param name="NearDuplicates">Documents left out because one before says nearly the same.</param>
/// <param name="Masked">Personal data masked in what was not left out.</param>
public sealed record ShardSource(
    string Name, string Digest, string Reading, int Files, long Documents, long Tokens, long LearnedTokens, long ExactDuplicates,
    long NearDuplicates, PersonalDataCounts Masked);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ShardHeader))]
internal sealed partial class ShardJson : JsonSerializerContext;
