using System.Text.Json.Serialization;

namespace Ayni.Cli;

/// <summary>The JSON of what only the command line says; the ledger has views of its own records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(Finding))]
[JsonSerializable(typeof(StatementReceipt))]
[JsonSerializable(typeof(ZoneRow))]
[JsonSerializable(typeof(RefusedLine))]
[JsonSerializable(typeof(RecordSummary))]
[JsonSerializable(typeof(ReadyMessage))]
[JsonSerializable(typeof(PulledModel))]
internal sealed partial class CliJson : JsonSerializerContext;
