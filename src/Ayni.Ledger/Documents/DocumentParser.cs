using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ayni.Ledger;

/// <summary>
/// Reads YAML, and with it JSON, as a tree of values, lists and fields, each with its place. What terms do not need (anchors and aliases,
/// which can make a short text a huge tree, tags, several documents) is refused, and so is what is too large or too deep.
/// </summary>
internal sealed class DocumentParser
{
    /// <summary>UTF-16 units of the longest document.</summary>
    public const int MostCharacters = 1 << 20;

    private const int MostDepth = 16;

    private readonly string _path;
    private readonly Parser _parser;

    private DocumentParser(string path, string text)
    {
        _path = path;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a text that is one mapping. Throws <see cref="DocumentException"/> for anything else.</summary>
    public static DocumentMapping Parse(string path, string text)
    {
        if (text.Length > MostCharacters)
            throw new DocumentException(path, 1, 1, $"{text.Length} characters are more than the {MostCharacters} that a document may have");
        var parser = new DocumentParser(path, text);
        try
        {
            return parser.ParseDocument();
        }
        catch (YamlException error)
        {
            throw new DocumentException(path, error.Start.Line, error.Start.Column, $"not valid YAML: {Sentence(error)}");
        }
        catch (InvalidOperationException)
        {
            // What the scanner throws for some unfinished lists, without a place.
            var last = parser._parser.Current?.End ?? Mark.Empty;
            throw new DocumentException(path, last.Line, last.Column, "not valid YAML after this place");
        }
    }

    private DocumentMapping ParseDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            throw new DocumentException(_path, 1, 1, "the document is empty");
        _parser.Consume<DocumentStart>();
        if (ParseNode(0) is not DocumentMapping mapping)
            throw new DocumentException(_path, 1, 1, "a document is a mapping of fields, such as 'model: bard'");
        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<DocumentStart>(out var second) ? throw Error(second, "a file holds one document") : mapping;
    }

    private DocumentNode ParseNode(int depth)
    {
        var current = _parser.Consume<ParsingEvent>();
        if (depth > MostDepth)
            throw Error(current, $"nested more than {MostDepth} deep");
        if (current is AnchorAlias)
            throw Error(current, "an alias: terms have none; write the value again");
        if (current is NodeEvent { Anchor.IsEmpty: false })
            throw Error(current, "an anchor: terms have none");
        if (current is NodeEvent { Tag.IsEmpty: false })
            throw Error(current, "a tag: terms have none");
        return current switch
        {
            Scalar scalar => Read(scalar),
            SequenceStart => ParseSequence(current, depth),
            MappingStart => ParseMapping(current, depth),
            _ => throw Error(current, "a value is missing"),
        };
    }

    private DocumentSequence ParseSequence(ParsingEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<DocumentNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ParseNode(depth + 1));
        return new DocumentSequence(start.Start.Line, start.Start.Column, items.ToImmutable());
    }

    private DocumentMapping ParseMapping(ParsingEvent start, int depth)
    {
        var fields = ImmutableArray.CreateBuilder<(DocumentScalar, DocumentNode)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var keyNode = ParseNode(depth + 1);
            if (keyNode is not DocumentScalar key)
                throw new DocumentException(_path, keyNode.Line, keyNode.Column, "a field's name is a word");
            if (!names.Add(key.Text))
                throw new DocumentException(_path, key.Line, key.Column, $"the field '{key.Text}' occurs twice");
            fields.Add((key, ParseNode(depth + 1)));
        }
        return new DocumentMapping(start.Start.Line, start.Start.Column, fields.ToImmutable());
    }

    private static DocumentScalar Read(Scalar scalar) => new(
        scalar.Start.Line, scalar.Start.Column, scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any));

    private DocumentException Error(ParsingEvent at, string problem) => new(_path, at.Start.Line, at.Start.Column, problem);

    private static string Sentence(YamlException error)
    {
        // The place is said already.
        var message = error.Message;
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end < 0 ? message : message[(end + 3)..]).TrimEnd('.');
    }
}
