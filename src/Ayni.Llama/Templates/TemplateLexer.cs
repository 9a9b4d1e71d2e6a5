using System.Text;

namespace Ayni.Llama;

/// <summary>
/// Cuts a template's source into tokens, as Jinja2 does with <c>trim_blocks</c> and <c>lstrip_blocks</c> (the setting chat templates are
/// written for): the line end after a statement or comment goes, and so do the spaces before one that starts its line; <c>-</c> takes all
/// white space on its side, <c>+</c> keeps it.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] Operators =
    [
        "==", "!=", ">=", "<=", "//", "**", "+", "-", "*", "/", "%", "~", "|", ">", "<", "=", ".", ",", ":", "(", ")", "[", "]", "{", "}",
    ];

    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _position;
    private bool _atLineStart = true;

    private TemplateLexer(string source) => _source = source;

    /// <summary>The tokens of a source whose line ends are all <c>\n</c>. Throws <see cref="TemplateException"/>.</summary>
    public static List<TemplateToken> Tokenize(string source)
    {
        var lexer = new TemplateLexer(source);
        while (lexer._position < source.Length)
            lexer.ReadDataAndTag();
        lexer.Add(TemplateTokenKind.End, "", source.Length);
        return lexer._tokens;
    }

    private void ReadDataAndTag()
    {
        var start = _position;
        var tag = FindTag(start);
        if (tag < 0)
        {
            AddData(start, _source.Length);
            _position = _source.Length;
            return;
        }
        var kind = _source[tag + 1];
        var sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : '\0';
        AddData(start, DataEnd(start, tag, sign, stripsLine: kind != '{'));
        _position = tag + (sign == '\0' ? 2 : 3);
        switch (kind)
        {
            case '#':
                var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
                if (end < 0)
                    throw Error(tag, "the comment has no end");
                CloseTag(end + 2, end > _position ? _source[end - 1] : '\0', trimsLineEnd: true);
                break;
            case '%' when TryReadRaw(tag):
                break;
            default:
                Add(kind == '{' ? TemplateTokenKind.OutputStart : TemplateTokenKind.StatementStart, "", tag);
                ReadExpression(tag, kind);
                break;
        }
    }

    private int FindTag(int start)
    {
        for (var brace = _source.IndexOf('{', start); brace >= 0; brace = _source.IndexOf('{', brace + 1))
        {
            if (brace + 1 < _source.Length && _source[brace + 1] is '{' or '%' or '#')
                return brace;
        }
        return -1;
    }

    /// <summary>Where the text before a tag ends once white space is taken off it.</summary>
    private int DataEnd(int start, int tag, char sign, bool stripsLine)
    {
        if (sign == '-')
            return start + _source.AsSpan(start..tag).TrimEnd().Length;
        if (sign == '+' || !stripsLine)
            return tag;
        var lineStart = tag > start ? _source.LastIndexOf('\n', tag - 1, tag - start) + 1 : 0;
        if (lineStart == 0)
        {
            if (!_atLineStart)
                return tag;
            lineStart = start;
        }
        return _source.AsSpan(lineStart..tag).IsWhiteSpace() ? lineStart : tag;
    }

    /// <summary>Goes on after a tag's end, given the character before it.</summary>
    private void CloseTag(int end, char sign, bool trimsLineEnd)
    {
        _position = end;
        if (sign == '-')
        {
            while (_position < _source.Length && char.IsWhiteSpace(_source[_position]))
                _position++;
        }
        else if (sign != '+' && trimsLineEnd && _position < _source.Length && _source[_position] == '\n')
        {
            _position++;
        }
        _atLineStart = _source[_position - 1] == '\n';
    }

    /// <summary>Reads <c>{% raw %}…{% endraw %}</c>, whose inside is text whatever it looks like.</summary>
    private bool TryReadRaw(int tag)
    {
        if (!TryReadWordTag(_position, "raw", out var inside, out var sign))
            return false;
        CloseTag(inside, sign, trimsLineEnd: false);
        var start = _position;
        for (var next = FindTag(start); next >= 0; next = FindTag(next + 1))
        {
            var endSign = next + 2 < _source.Length ? _source[next + 2] : '\0';
            if (_source[next + 1] == '%' && TryReadWordTag(next + (endSign is '-' or '+' ? 3 : 2), "endraw", out var end, out sign))
            {
                AddData(start, DataEnd(start, next, endSign, stripsLine: true));
                CloseTag(end, sign, trimsLineEnd: true);
                return true;
            }
        }
        throw Error(tag, "the raw block has no end");
    }

    private bool TryReadWordTag(int position, string word, out int end, out char sign)
    {
        var rest = _source.AsSpan(position).TrimStart();
        (end, sign) = (0, '\0');
        if (!rest.StartsWith(word, StringComparison.Ordinal))
            return false;
        rest = rest[word.Length..].TrimStart();
        if (rest is ['-' or '+', ..])
        {
            sign = rest[0];
            rest = rest[1..];
        }
        end = _source.Length - rest.Length + 2;
        return rest.StartsWith("%}", StringComparison.Ordinal);
    }

    private void ReadExpression(int tag, char kind)
    {
        var close = kind == '{' ? "}}" : "%}";
        var brackets = new Stack<char>();
        while (true)
        {
            while (_position < _source.Length && char.IsWhiteSpace(_source[_position]))
                _position++;
            if (_position == _source.Length)
                throw Error(tag, $"the tag has no end; expected {close}");
            var rest = _source.AsSpan(_position);
            var sign = rest[0] is '-' or '+' ? 1 : 0;
            if (brackets.Count == 0 && rest[sign..].StartsWith(close, StringComparison.Ordinal))
            {
                Add(kind == '{' ? TemplateTokenKind.OutputEnd : TemplateTokenKind.StatementEnd, "", _position);
                CloseTag(_position + sign + 2, sign == 0 ? '\0' : rest[0], trimsLineEnd: kind == '%');
                return;
            }
            ReadToken(brackets);
        }
    }

    private void ReadToken(Stack<char> brackets)
    {
        var start = _position;
        var first = _source[start];
        if (first is '"' or '\'')
        {
            ReadText();
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (char.IsLetter(first) || first == '_')
        {
            while (_position < _source.Length && (char.IsLetterOrDigit(_source[_position]) || _source[_position] == '_'))
                _position++;
            Add(TemplateTokenKind.Name, _source[start.._position], start);
        }
        else if (Array.Find(Operators, sign => string.CompareOrdinal(_source, start, sign, 0, sign.Length) == 0) is { } found)
        {
            CheckBrackets(found[0], brackets);
            _position += found.Length;
            Add(TemplateTokenKind.Operator, found, start);
        }
        else
        {
            throw Error(start, $"the character {first} has no meaning here");
        }
    }

    private void CheckBrackets(char found, Stack<char> brackets)
    {
        switch (found)
        {
            case '(':
                brackets.Push(')');
                break;
            case '[':
                brackets.Push(']');
                break;
            case '{':
                brackets.Push('}');
                break;
            case ')' or ']' or '}' when !brackets.TryPop(out var expected) || expected != found:
                throw Error(_position, $"{found} closes nothing");
        }
    }

    private void ReadNumber()
    {
        var start = _position;
        SkipDigits();
        var kind = TemplateTokenKind.Integer;
        if (_position + 1 < _source.Length && _source[_position] == '.' && char.IsAsciiDigit(_source[_position + 1]))
        {
            kind = TemplateTokenKind.Float;
            _position++;
            SkipDigits();
        }
        if (_position < _source.Length && _source[_position] is 'e' or 'E')
        {
            var digits = _position + 1 < _source.Length && _source[_position + 1] is '+' or '-' ? _position + 2 : _position + 1;
            if (digits < _source.Length && char.IsAsciiDigit(_source[digits]))
            {
                kind = TemplateTokenKind.Float;
                _position = digits;
                SkipDigits();
            }
        }
        Add(kind, _source[start.._position].Replace("_", "", StringComparison.Ordinal), start);
    }

    private void SkipDigits()
    {
        while (_position < _source.Length && (char.IsAsciiDigit(_source[_position]) || _source[_position] == '_'))
            _position++;
    }

    private void ReadText()
    {
        var start = _position++;
        var text = new StringBuilder();
        while (true)
        {
            if (_position == _source.Length)
                throw Error(start, "the text in quotes has no end");
            var c = _source[_position++];
            if (c == _source[start])
                break;
            if (c == '\\' && _position < _source.Length)
                ReadEscape(text);
            else
                text.Append(c);
        }
        Add(TemplateTokenKind.Text, text.ToString(), start);
    }

    /// <summary>Python's escapes; one that means nothing stays as it is.</summary>
    private void ReadEscape(StringBuilder text)
    {
        var c = _source[_position++];
        switch (c)
        {
            case '\n':
                break;
            case 'x':
                AppendCode(text, 2);
                break;
            case 'u':
                AppendCode(text, 4);
                break;
            case 'U':
                AppendCode(text, 8);
                break;
            default:
                var simple = "\\\\''\"\"n\nt\tr\rb\bf\fv\va\a0\0".AsSpan();
                var place = 0;
                while (place < simple.Length && simple[place] != c)
                    place += 2;
                if (place < simple.Length)
                    text.Append(simple[place + 1]);
                else
                    text.Append('\\').Append(c);
                break;
        }
    }

    private void AppendCode(StringBuilder text, int digits)
    {
        if (_position + digits > _source.Length
            || !uint.TryParse(_source.AsSpan(_position, digits), System.Globalization.NumberStyles.AllowHexSpecifier,
                System.Globalization.CultureInfo.InvariantCulture, out var code)
            || code > 0x10FFFF)
        {
            throw Error(_position, $"expected {digits} hexadecimal digits of a character");
        }
        _position += digits;
        if (code < 0x10000)
            text.Append((char)code);
        else
            text.Append(new Rune(code));
    }

    private void AddData(int start, int end)
    {
        if (end > start)
            Add(TemplateTokenKind.Data, _source[start..end], start);
    }

    private void Add(TemplateTokenKind kind, string text, int offset) => _tokens.Add(new TemplateToken(kind, text, offset));

    private TemplateException Error(int offset, string problem) => TemplateException.At(_source, offset, problem);
}
