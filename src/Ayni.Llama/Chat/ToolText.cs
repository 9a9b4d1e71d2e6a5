using System.Text;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>How tools and their calls are written in the conversations Llama 3 and 4 were taught, by Meta's <c>ToolUtils</c>.</summary>
internal static class ToolText
{
    /// <summary>The tool whose call is its code.</summary>
    public const string CodeInterpreter = "code_interpreter";

    /// <summary>The text of a call. Throws <see cref="ChatFormatException"/> where its arguments are no JSON object.</summary>
    public static string OfCall(ToolCall call, ToolPromptFormat format, int messageIndex)
    {
        var arguments = call.ParseArguments(messageIndex);
        switch (call.Name)
        {
            case "brave_search" or "wolfram_alpha" or "photogen" when TextOf(arguments, "query") is { } query:
                return $"{call.Name}.call(query=\"{query}\")";
            case CodeInterpreter when TextOf(arguments, "code") is { } code:
                return code;
        }
        var text = new StringBuilder();
        switch (format)
        {
            case ToolPromptFormat.Json:
                ToolJson.AppendText(text.Append("{\"type\": \"function\", \"name\": "), call.Name);
                return ToolJson.Append(text.Append(", \"parameters\": "), arguments).Append('}').ToString();
            case ToolPromptFormat.FunctionTag:
                return ToolJson.Append(text.Append("<function=").Append(call.Name).Append('>'), arguments).Append("</function>").ToString();
            default:
                text.Append('[').Append(call.Name).Append('(');
                return AppendPythonArguments(text, arguments).Append(")]").ToString();
        }
    }

    /// <summary>
    /// What goes before the first user message so that the model knows its tools: the words of the templates Meta ships with Llama 3.1 to
    /// 4.
    /// </summary>
    public static string OfDefinitions(IReadOnlyList<ToolDefinition> tools)
    {
        var text = new StringBuilder("Given the following functions, please respond with a JSON for a function call ")
            .Append("with its proper arguments that best answers the given prompt.\n\n")
            .Append("Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.")
            .Append("Do not use variables.\n\n");
        foreach (var tool in tools)
            ToolJson.Append(text, ElementOf(tool), indent: 4).Append("\n\n");
        return text.ToString();
    }

    /// <summary>
    /// A tool in OpenAI's form, which templates expect. Throws <see cref="ArgumentException"/> where its schema is no JSON object.
    /// </summary>
    public static JsonElement ElementOf(ToolDefinition tool)
    {
        if (ToolJson.TryParse(tool.Parameters) is not { ValueKind: JsonValueKind.Object } parameters)
            throw new ArgumentException($"The parameters of the tool {tool.Name} are not a JSON object.", nameof(tool));
        var text = new StringBuilder("{\"type\": \"function\", \"function\": {\"name\": ");
        ToolJson.AppendText(text, tool.Name).Append(", \"description\": ");
        ToolJson.AppendText(text, tool.Description).Append(", \"parameters\": ");
        return ToolJson.TryParse(ToolJson.Append(text, parameters).Append("}}").ToString())
            ?? throw new ArgumentException($"The parameters of the tool {tool.Name} nest too deep.", nameof(tool));
    }

    private static string? TextOf(JsonElement arguments, string name) =>
        arguments.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static StringBuilder AppendPythonArguments(StringBuilder text, JsonElement arguments)
    {
        var first = true;
        foreach (var argument in arguments.EnumerateObject())
        {
            text.Append(first ? "" : ", ").Append(argument.Name).Append('=');
            AppendPython(text, argument.Value);
            first = false;
        }
        return text;
    }

    // Texts are not escaped, as in Meta's code: the model never saw it otherwise.
    private static StringBuilder AppendPython(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return text.Append('"').Append(value.GetString()).Append('"');
            case JsonValueKind.Object:
                return AppendPythonArguments(text.Append('{'), value).Append('}');
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var (i, item) in value.EnumerateArray().Index())
                    AppendPython(text.Append(i > 0 ? ", " : ""), item);
                return text.Append(']');
            case JsonValueKind.True:
                return text.Append("True");
            case JsonValueKind.False:
                return text.Append("False");
            case JsonValueKind.Null:
                return text.Append("None");
            default:
                return text.Append(value.GetRawText());
        }
    }
}
