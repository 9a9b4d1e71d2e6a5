using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>A question to a model and what its answer has to be like.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Category">What kind of question it is.</param>
/// <param name="Messages">The conversation so far; the model answers its last message.</param>
/// <param name="Check">What the answer has to be like.</param>
public sealed record EvaluationCase(int Line, string Category, IReadOnlyList<ChatMessage> Messages, AnswerCheck Check)
{
    private const int MostCases = 100_000;

    /// <summary>
    /// Reads a file of lines such as <c>{"category": "sums", "prompt": "What is 3 + 4?", "check": {"contains": "7"}}</c>, or with
    /// <c>messages</c> instead of <c>prompt</c>.
    /// </summary>
    /// <exception cref="DataException">A line is something else; names it.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static IReadOnlyList<EvaluationCase> ReadFile(string path)
    {
        var cases = new List<EvaluationCase>();
        foreach (var (number, line, _) in TextLines.Read(path))
        {
            if (line.Span.Trim(" \t"u8).IsEmpty)
                continue;
            if (cases.Count == MostCases)
                throw new DataException($"{path}, line {number}: there are more than {MostCases:N0} questions; divide the file.");
            cases.Add(JsonLine.Read(path, number, line, root => Read(number, root)));
        }
        return cases.Count > 0 ? cases : throw new DataException($"{path}: there is no question in it.");
    }

    private static EvaluationCase Read(int line, JsonElement root)
    {
        string[] known = ["category", "prompt", "messages", "check"];
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException($"expected an object, found {root.ValueKind.ToString().ToLowerInvariant()}");
        foreach (var property in root.EnumerateObject())
        {
            if (!known.Contains(property.Name))
                throw new FormatException($"there is no field \"{property.Name}\"; there are {string.Join(", ", known)}");
        }
        var hasMessages = root.TryGetProperty("messages", out _);
        if (hasMessages && root.TryGetProperty("prompt", out _))
            throw new FormatException("give \"prompt\" or \"messages\", not both");
        var messages = hasMessages ? ChatLine.ReadMessages(root).Messages : [new ChatMessage(ChatRole.User, ChatLine.Text(root, "prompt"))];
        var category = ChatLine.Text(root, "category");
        if (string.IsNullOrWhiteSpace(category))
            throw new FormatException("the category is empty");
        return root.TryGetProperty("check", out var check)
            ? new EvaluationCase(line, category, messages, AnswerCheck.Read(check))
            : throw new FormatException("\"check\" is missing");
    }
}
