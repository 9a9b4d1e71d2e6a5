using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ayni.Ledger;

/// <summary>A plan can't be read: it names the file, the line and the column.</summary>
public sealed class PlanException(string path, long line, long column, string problem)
    : LedgerException(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}:{column}: {problem}"))
{
    /// <summary>The line at fault, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>The column at fault, from 1.</summary>
    public long Column { get; } = column;
}

/// <summary>A part of a plan's file and where it stands, line and column counted from 1.</summary>
internal abstract record PlanNode(string Path, long Line, long Column)
{
    public PlanException Error(string problem) => new(Path, Line, Column, problem);
}

/// <summary>A single value.</summary>
internal sealed record PlanScalar(string Path, long Line, long Column, string Text) : PlanNode(Path, Line, Column);

/// <summary>A list.</summary>
internal sealed record PlanSequence(string Path, long Line, long Column, ImmutableArray<PlanNode> Items) : PlanNode(Path, Line, Column);

/// <summary>Fields by name, in their order.</summary>
internal sealed record PlanMapping(string Path, long Line, long Column, ImmutableArray<(PlanScalar Key, PlanNode Value)> Fields)
    : PlanNode(Path, Line, Column);

/// <summary>
/// Reads YAML, and with it JSON, as a tree of values, lists and fields, each with its place. What a plan needs not (anchors and aliases, which
/// can make a short text a huge tree, tags, several documents) is refused, and so is what is too large or too deep.
/// </summary>
internal sealed class PlanTree
{
    private const int MostCharacters = 1 << 18;
    private const int MostDepth = 8;

    private readonly string _path;
    private readonly Parser _parser;

    private PlanTree(string path, string text)
    {
        _path = path;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a file's text, which is one mapping.</summary>
    /// <exception cref="PlanException">It is no YAML of the kind that plans are.</exception>
    public static PlanMapping ParseYaml(string path, string text)
    {
        if (text.Length > MostCharacters)
            throw new PlanException(path, 1, 1, $"{text.Length} characters are more than the {MostCharacters} that a file may have");
        var tree = new PlanTree(path, text);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException error)
        {
            throw new PlanException(path, error.Start.Line, error.Start.Column, $"not valid YAML: {Sentence(error)}");
        }
        catch (InvalidOperationException)
        {
            // What the scanner throws for some unfinished lists, without a place.
            var last = tree._parser.Current?.End ?? Mark.Empty;
            throw new PlanException(path, last.Line, last.Column, "not valid YAML after this place");
        }
    }

    /// <summary>Takes the tree of a JSON text that the ledger itself wrote: quicker, and without places.</summary>
    /// <exception cref="PlanException">It is no JSON.</exception>
    public static PlanMapping ParseJson(string path, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MostDepth });
            return Convert(path, document.RootElement) as PlanMapping ?? throw new PlanException(path, 1, 1, "not an object");
        }
        catch (JsonException error)
        {
            throw new PlanException(path, (error.LineNumber ?? 0) + 1, (error.BytePositionInLine ?? 0) + 1, "not valid JSON");
        }
    }

    private static PlanNode Convert(string path, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new PlanMapping(
            path, 1, 1,
            [.. element.EnumerateObject().Select(field => (new PlanScalar(path, 1, 1, field.Name), Convert(path, field.Value)))]),
        JsonValueKind.Array => new PlanSequence(path, 1, 1, [.. element.EnumerateArray().Select(item => Convert(path, item))]),
        JsonValueKind.String => new PlanScalar(path, 1, 1, element.GetString()!),
        _ => new PlanScalar(path, 1, 1, element.GetRawText()),
    };

    private PlanMapping ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            throw new PlanException(_path, 1, 1, "the file is empty");
        _parser.Consume<DocumentStart>();
        if (ReadNode(0) is not PlanMapping mapping)
            throw new PlanException(_path, 1, 1, "expected fields, such as 'model: bard'");
        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<DocumentStart>(out var second) ? throw Error(second, "a file holds one document") : mapping;
    }

    private PlanNode ReadNode(int depth)
    {
        var current = _parser.Consume<ParsingEvent>();
        if (depth > MostDepth)
            throw Error(current, $"nested more than {MostDepth} deep");
        return current switch
        {
            AnchorAlias => throw Error(current, "an alias: write the value again"),
            NodeEvent { Anchor.IsEmpty: false } => throw Error(current, "an anchor: write each value where it belongs"),
            NodeEvent { Tag.IsEmpty: false } => throw Error(current, "a tag: values have none"),
            Scalar scalar => new PlanScalar(_path, current.Start.Line, current.Start.Column, scalar.Value),
            SequenceStart => ReadSequence(current, depth),
            MappingStart => ReadMapping(current, depth),
            _ => throw Error(current, "a value is missing"),
        };
    }

    private PlanSequence ReadSequence(ParsingEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<PlanNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadNode(depth + 1));
        return new PlanSequence(_path, start.Start.Line, start.Start.Column, items.ToImmutable());
    }

    private PlanMapping ReadMapping(ParsingEvent start, int depth)
    {
        var fields = ImmutableArray.CreateBuilder<(PlanScalar, PlanNode)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var node = ReadNode(depth + 1);
            if (node is not PlanScalar key)
                throw node.Error("a field's name is a word");
            if (!names.Add(key.Text))
                throw key.Error($"the field '{PlanFields.Short(key.Text)}' occurs twice");
            fields.Add((key, ReadNode(depth + 1)));
        }
        return new PlanMapping(_path, start.Start.Line, start.Start.Column, fields.ToImmutable());
    }

    private PlanException Error(ParsingEvent at, string problem) => new(_path, at.Start.Line, at.Start.Column, problem);

    private static string Sentence(YamlException error)
    {
        // The place is said already.
        var message = error.Message;
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end < 0 ? message : message[(end + 3)..]).TrimEnd('.');
    }
}
