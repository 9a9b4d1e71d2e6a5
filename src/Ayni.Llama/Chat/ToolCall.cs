using System.Text.Json;

namespace Ayni.Llama;

/// <summary>One call of a tool by the model.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">The arguments as a JSON object.</param>
public sealed record ToolCall(string Name, string Arguments)
{
    /// <summary>What the tool's answer refers to; null where ids are not used.</summary>
    public string? Id { get; init; }

    /// <summary>The arguments parsed; throws <see cref="ChatFormatException"/> where they are no JSON object.</summary>
    internal JsonElement ParseArguments(int messageIndex)
    {
        var arguments = ToolJson.TryParse(Arguments);
        return arguments is { ValueKind: JsonValueKind.Object }
            ? arguments.Value
            : throw new ChatFormatException(messageIndex, $"the arguments of the call of {Name} are not a JSON object");
    }
}

/// <summary>A tool the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Parameters">Its parameters: a JSON schema of an object.</param>
public sealed record ToolDefinition(string Name, string Description, string Parameters);
