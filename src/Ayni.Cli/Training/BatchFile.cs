using System.Text.Json;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary>Reads a batch from JSON: <c>{"ids": [[…], …], "labels": [[…], …]}</c>, a row a sequence.</summary>
internal static class BatchFile
{
    private const long MostBytes = 256 << 20;

    public static TrainingBatch Read(string path, LlamaConfig config)
    {
        if (!File.Exists(path))
            throw new UsageException($"There is no file {path}.");
        if (new FileInfo(path).Length is > MostBytes and var length)
            throw new UsageException($"{path}: {length} bytes are more than the {MostBytes} that a batch may have.");
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new UsageException($"{path}: expected an object with ids and labels, found {document.RootElement.ValueKind}.");
            var (ids, labels) = (Rows(path, document.RootElement, "ids"), Rows(path, document.RootElement, "labels"));
            if (ids.Length != labels.Length)
                throw new UsageException($"{path}: {ids.Length} rows of ids and {labels.Length} of labels; each row needs both.");
            return TrainingBatch.Create([.. ids.Zip(labels, (i, l) => ((ReadOnlyMemory<int>)i, (ReadOnlyMemory<int>)l))], config);
        }
        catch (JsonException error)
        {
            throw new UsageException($"{path}: not valid JSON: {error.Message}");
        }
        catch (BatchException error)
        {
            throw new UsageException($"{path}: {error.Message}.");
        }
    }

    private static int[][] Rows(string path, JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var rows) || rows.ValueKind != JsonValueKind.Array)
            throw new UsageException($"{path}: {name} is missing or no array; expected an array of rows of token ids.");
        return [.. rows.EnumerateArray().Select((row, number) =>
        {
            if (row.ValueKind != JsonValueKind.Array)
                throw new UsageException($"{path}: {name}[{number}] is not an array of token ids.");
            return row.EnumerateArray().Select((item, place) => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id)
                ? id
                : throw new UsageException($"{path}: {name}[{number}][{place}] is {Short(item)}, not a token id.")).ToArray();
        })];
    }

    private static string Short(JsonElement item) => item.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : item.GetRawText();
}
