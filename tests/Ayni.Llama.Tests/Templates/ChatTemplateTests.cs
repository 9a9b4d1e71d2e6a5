using System.Globalization;
using System.Text;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>What the golden file cannot say: places of errors, bounds, the clock, marks, and damaged templates.</summary>
public class ChatTemplateTests
{
    private static readonly MappingValue NoVariables = new();

    [Theory]
    [InlineData("a\n  {{ missing.x }}", 2, 13, "'missing' is undefined")]
    [InlineData("{{ 1 }}\n\n{% if %}", 3, 7, "expected a value")]
    [InlineData("{% if true %}\na", 2, 2, "ends before endif")]
    [InlineData("{{ 'a' | nope }}", 1, 8, "there is no filter nope")]
    [InlineData("{% include 'x' %}", 1, 4, "the statement include is not")]
    [InlineData("{{ raise_exception('roles must alternate') }}", 1, 19, "roles must alternate")]
    [InlineData("{# a", 1, 1, "the comment has no end")]
    [InlineData("{{ 9223372036854775807 + 1 }}", 1, 24, "64 bits")]
    [InlineData("{{ 99999999999999999999 }}", 1, 4, "64 bits")]
    [InlineData("{{ '\\ud8' }}", 1, 7, "hexadecimal")]
    public void An_error_names_line_and_column(string source, int line, int column, string problem)
    {
        var e = Assert.Throws<TemplateException>(() => Render(source));
        Assert.Equal((line, column), (e.Line, e.Column));
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(9999999999)|length }}")]
    [InlineData("{{ 'x' * 999999999999 }}")]
    [InlineData("{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}")]
    [InlineData("{% set ns = namespace(x=[], y=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns.x.x|tojson }}")]
    [InlineData("{{ 'a' | map('map', 'map', 'map') | list }}")]
    [InlineData("{{ ('a' * 99999) | replace('', 'b' * 99999) }}")]
    [InlineData("{{ ' ' * 33000000 }}{{ ' ' * 33000000 }}")]
    [InlineData("{% for i in range(99) %}{{ ('x' * 1000) * 1000 }}{% endfor %}")]
    public void Work_and_depth_are_bounded(string source) => Assert.Throws<TemplateException>(() => Render(source));

    [Theory]
    [InlineData("(", "1", ")")]
    [InlineData("not ", "1", "")]
    [InlineData("-", "1", "")]
    [InlineData("[", "", "]")]
    [InlineData("a[", "1", "]")]
    [InlineData("", "1", "+1")]
    [InlineData("", "1", "|abs")]
    [InlineData("", "x", ".a")]
    [InlineData("1 if ", "1", " else 2")]
    [InlineData("{'a':", "1", "}")]
    public void Syntax_cannot_overflow_the_stack(string open, string inside, string close)
    {
        const int times = 20_000;
        var source = "{{ " + string.Concat(Enumerable.Repeat(open, times)) + inside + string.Concat(Enumerable.Repeat(close, times)) + " }}";
        Assert.Throws<TemplateException>(() => Render(source));
    }

    [Fact]
    public void Statements_cannot_overflow_the_stack_and_a_source_has_a_size() =>
        Assert.All(
            [string.Concat(Enumerable.Repeat("{% if 1 %}", 20_000)), new string('x', TemplateLimits.SourceCharacters + 1)],
            source => Assert.Throws<TemplateException>(() => Render(source)));

    [Fact]
    public void The_time_is_the_clock_s_and_in_English()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("ar-SA");
        try
        {
            Assert.Equal("05 Mar 2026, March 5 2026, Thursday 14:07:09 PM 02 064 100%", Render(
                "{{ strftime_now('%d %b %Y, %B %-d %Y, %A %H:%M:%S %p %I %j 100%%') }}"));
            Assert.Equal("1234567.5", Render("{{ 1234567.5 }}"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("{{ u }}", "[ab c]")]
    [InlineData("<{{ u }}>", "<[ab c]>")]
    [InlineData("{{ 'x' + u + 'y' }}", "x[ab c]y")]
    [InlineData("{{ ('x ' ~ u ~ ' y')[1:5] }}", " [ab ]")]
    [InlineData("{{ (' ' + u + ' ')|trim|upper }}", "[AB C]")]
    [InlineData("{{ 'a-c'.replace('-', u) }}", "a[ab c]c")]
    [InlineData("{{ u.replace('b', '<x>') }}", "[a]<x>[ c]")]
    [InlineData("{{ u.split(' ')|join('|') }}", "[ab]|[c]")]
    [InlineData("{{ u[::-1] }}{{ u|first }}{{ u|list|last }}", "[c baac]")]
    [InlineData("{{ u|tojson }}", "\"[ab c]\"")]
    [InlineData("{{ {'k': u} }}", "{'k': '[ab c]'}")]
    [InlineData("{{ o|tojson }}", "{\"[key]\": \"[\\n]\"}")]
    [InlineData("{% for k, v in o.items() %}{{ k }}={{ v|length }}{% endfor %}", "[key]=1")]
    [InlineData("{% set x %}<{{ u }}>{% endset %}{{ x|title }}", "<[Ab C]>")]
    [InlineData("{% macro m(a) %}({{ a }}){% endmacro %}{{ m(u)|indent(1, true) }}", " ([ab c])")]
    [InlineData("{{ u|default('x') }}{{ [u, 'z']|map('capitalize')|join }}", "[ab cAb c]Z")]
    [InlineData("{{ u * 2 }}{{ '' if u == 'ab c' else '!' }}", "[ab cab c]")]
    public void Text_from_outside_stays_marked_whatever_is_done_to_it(string source, string expected)
    {
        var outside = new MappingValue();
        outside.Set(MarkedText.Outside("key"), new TextValue(MarkedText.Outside("\n")));
        var variables = new MappingValue().With("u", new TextValue(MarkedText.Outside("ab c"))).With("o", outside);
        var rendered = ChatTemplate.Parse(source).Render(variables, TimeProvider.System);
        var shown = string.Concat(rendered.Runs().Select(run =>
            run.Marked ? $"[{rendered.Text[run.Start..run.End]}]" : rendered.Text[run.Start..run.End]));
        Assert.Equal(expected, shown);
    }

    [Fact]
    public void A_damaged_template_is_rendered_or_refused_by_name()
    {
        var random = new Random(20261122);
        var sources = File.ReadAllLines(
                Path.Combine(Conformance.RepositoryRoot, "tests", "Ayni.Llama.Tests", "Templates", "jinja.golden.jsonl"))
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).ToArray();
        var variables = (MappingValue)TemplateJson.Read(sources[0].GetProperty("variables"));
        var templates = sources.Skip(1).Select(line => line.GetProperty("template").GetString()!).ToArray();
        var (rendered, refused) = (0, 0);
        for (var round = 0; round < 6000; round++)
        {
            var text = new StringBuilder(templates[random.Next(templates.Length)]);
            for (var damage = random.Next(1, 5); damage > 0 && text.Length > 0; damage--)
            {
                var at = random.Next(text.Length);
                var other = templates[random.Next(templates.Length)];
                var from = random.Next(other.Length);
                switch (random.Next(4))
                {
                    case 0:
                        text[at] = (char)random.Next(1, 127);
                        break;
                    case 1:
                        text.Insert(at, other.AsSpan(from, random.Next(Math.Min(other.Length - from, 30))));
                        break;
                    case 2:
                        text.Insert(at, "{}[]()%#-+|.'\"~\n\\e9"[random.Next(19)]);
                        break;
                    default:
                        text.Remove(at, random.Next(1, Math.Min(text.Length - at, 20) + 1));
                        break;
                }
            }
            try
            {
                ChatTemplate.Parse(text.ToString()).Render(variables, TimeProvider.System);
                rendered++;
            }
            catch (TemplateException)
            {
                refused++;
            }
        }
        Assert.True(rendered > 300 && refused > 300, $"{rendered} rendered, {refused} refused");
    }

    private static string Render(string source) => ChatTemplate.Parse(source).Render(NoVariables, new FixedClock()).Text;

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero);
    }
}
