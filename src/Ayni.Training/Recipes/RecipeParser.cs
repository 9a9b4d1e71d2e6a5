using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ayni.Training;

/// <summary>
/// Reads YAML as a tree of values, lists and fields, each with its place. What a recipe needs not (anchors and aliases, which can make a
/// short text a huge tree, tags, several documents) is refused, and so is what is too large or too deep.
/// </summary>
internal sealed class RecipeParser
{
    private const int MostCharacters = 1 << 20;
    private const int MostDepth = 16;

    private readonly string _path;
    private readonly Parser _parser;

    private RecipeParser(string path, string text)
    {
        _path = path;
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads a text that is one mapping.</summary>
    /// <exception cref="RecipeException">It is no YAML of the kind that recipes are.</exception>
    public static RecipeMapping Parse(string path, string text)
    {
        if (text.Length > MostCharacters)
            throw new RecipeException(path, 1, 1, $"{text.Length} characters are more than the {MostCharacters} that a recipe may have");
        var parser = new RecipeParser(path, text);
        try
        {
            return parser.ParseDocument();
        }
        catch (YamlException error)
        {
            throw new RecipeException(path, error.Start.Line, error.Start.Column, $"not valid YAML: {Sentence(error)}");
        }
        catch (InvalidOperationException)
        {
            // What the scanner throws for some unfinished lists, without a place.
            var last = parser._parser.Current?.End ?? Mark.Empty;
            throw new RecipeException(path, last.Line, last.Column, "not valid YAML after this place");
        }
    }

    private RecipeMapping ParseDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
            throw new RecipeException(_path, 1, 1, "the recipe is empty");
        _parser.Consume<DocumentStart>();
        if (ParseNode(0) is not RecipeMapping mapping)
            throw new RecipeException(_path, 1, 1, "a recipe is a mapping of fields, such as 'model:'");
        _parser.Consume<DocumentEnd>();
        return _parser.TryConsume<DocumentStart>(out var second) ? throw Error(second, "a recipe is one document") : mapping;
    }

    private RecipeNode ParseNode(int depth)
    {
        var current = _parser.Consume<ParsingEvent>();
        if (depth > MostDepth)
            throw Error(current, $"nested more than {MostDepth} deep");
        if (current is AnchorAlias)
            throw Error(current, "an alias: recipes have none; write the value again");
        if (current is NodeEvent { Anchor.IsEmpty: false })
            throw Error(current, "an anchor: recipes have none");
        if (current is NodeEvent { Tag.IsEmpty: false })
            throw Error(current, "a tag: recipes have none");
        return current switch
        {
            Scalar scalar => Read(scalar),
            SequenceStart => ParseSequence(current, depth),
            MappingStart => ParseMapping(current, depth),
            _ => throw Error(current, "a value is missing"),
        };
    }

    private RecipeSequence ParseSequence(ParsingEvent start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<RecipeNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ParseNode(depth + 1));
        return new RecipeSequence(start.Start.Line, start.Start.Column, items.ToImmutable());
    }

    private RecipeMapping ParseMapping(ParsingEvent start, int depth)
    {
        var fields = ImmutableArray.CreateBuilder<(RecipeScalar, RecipeNode)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var keyNode = ParseNode(depth + 1);
            if (keyNode is not RecipeScalar key)
                throw new RecipeException(_path, keyNode.Line, keyNode.Column, "a field's name is a word");
            if (!names.Add(key.Text))
                throw new RecipeException(_path, key.Line, key.Column, $"the field '{key.Text}' occurs twice");
            fields.Add((key, ParseNode(depth + 1)));
        }
        return new RecipeMapping(start.Start.Line, start.Start.Column, fields.ToImmutable());
    }

    private static RecipeScalar Read(Scalar scalar) => new(
        scalar.Start.Line, scalar.Start.Column, scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any));

    private RecipeException Error(ParsingEvent at, string problem) => new(_path, at.Start.Line, at.Start.Column, problem);

    private static string Sentence(YamlException error)
    {
        // The place is said already.
        var message = error.Message;
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end < 0 ? message : message[(end + 3)..]).TrimEnd('.');
    }
}
