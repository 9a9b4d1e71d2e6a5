using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Makes a plan of its tree and checks that it says one thing only.</summary>
internal static class PlanReader
{
    private const int MostModels = 100, MostAdapters = 1000, MostSteps = 100;

    /// <summary>The largest quantity that is believed: a trillion tokens a month.</summary>
    private const long MostUnits = 1_000_000_000_000;

    private static readonly string[] InstantFormats = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK"];

    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    /// <summary>Reads a plan, and the instant from which it holds if it says so.</summary>
    /// <exception cref="PlanException">It is no plan.</exception>
    public static (PricePlan Plan, DateTimeOffset? From) Read(PlanMapping root)
    {
        var fields = new PlanFields(root);
        var name = fields.FindName("name");
        var models = ReadModels(fields);
        var code = fields.Text("currency");
        if (!Currency.TryParse(code, out var currency))
            throw fields.Error("currency", $"'{PlanFields.Short(code)}' is no currency; give its ISO 4217 code in capital letters, such as EUR");
        var from = ReadInstant(fields);
        var tiers = fields.FindFields("tiers") is { } inner ? ReadTiers(inner, currency) : null;
        var zero = Amount.Zero(currency);
        var input = ReadRate(fields, Metric.Input, tiers, currency) ?? throw fields.Missing("input");
        var plan = new PricePlan
        {
            Name = name,
            Models = models,
            Input = input,
            Cached = ReadCached(fields, tiers, currency, input),
            Output = ReadRate(fields, Metric.Output, tiers, currency) ?? throw fields.Missing("output"),
            Request = ReadRequest(fields, tiers, currency),
            Adapters = ReadAdapters(fields, currency),
            Free = fields.FindFields("free") is { } free ? ReadFree(free, tiers) : default,
            Tiers = tiers,
            Minimum = fields.FindAmount("minimum", currency) ?? zero,
            Fee = fields.FindAmount("fee", currency) ?? zero,
        };
        if (plan.Fee.Sign > 0 && name is null)
            throw fields.Error("fee", "a fee is for subscribers, who subscribe to a plan by its name; give the plan a 'name'");
        fields.RefuseUnknown();
        return (plan, from);
    }

    /// <summary>The word for the tiers' kind.</summary>
    public static string KindOf(Tiers tiers) => tiers switch
    {
        GraduatedTiers => "graduated",
        VolumeTiers => "volume",
        PackageTiers => "package",
        _ => throw new ArgumentOutOfRangeException(nameof(tiers)),
    };

    private static ImmutableArray<string> ReadModels(PlanFields fields)
    {
        var one = fields.FindName("model");
        var several = fields.Names("models");
        if (one is null == several.IsEmpty)
            throw fields.Error("model", "a plan prices one 'model' or several 'models', and says one of both");
        if (several.Length > MostModels)
            throw fields.Error("models", $"more than {MostModels}");
        return one is null ? several : [one];
    }

    private static DateTimeOffset? ReadInstant(PlanFields fields)
    {
        if (fields.FindText("from") is not { } text)
            return null;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, InstantFormats, CultureInfo.InvariantCulture, Utc, out var instant)
            ? instant
            : throw fields.Error("from", $"'{PlanFields.Short(text)}' is no day and no instant; write 2026-12-01 or 2026-12-01T08:00:00Z");
    }

    /// <summary>A metric's flat rate; zero where the tiers price it, null where it is left out.</summary>
    private static Amount? ReadRate(PlanFields fields, Metric metric, Tiers? tiers, Currency currency)
    {
        if (!IsTiered(metric, tiers))
            return fields.FindAmount(metric.Name(), currency);
        return fields.Has(metric.Name()) ? throw PricedTwice(fields, metric.Name(), tiers!) : Amount.Zero(currency);
    }

    /// <summary>Cached input costs what input does unless the plan says otherwise, which it must where tiers price the one but not the other.</summary>
    private static Amount ReadCached(PlanFields fields, Tiers? tiers, Currency currency, Amount input) =>
        ReadRate(fields, Metric.Cached, tiers, currency)
        ?? (tiers?.Metric == Metric.Input ? throw fields.Error("cached", "state it, since tiers price the input") : input);

    private static Amount ReadRequest(PlanFields fields, Tiers? tiers, Currency currency)
    {
        if (tiers?.Metric == Metric.Requests && fields.Has("request"))
            throw PricedTwice(fields, "request", tiers);
        return fields.FindAmount("request", currency) ?? Amount.Zero(currency);
    }

    private static bool IsTiered(Metric metric, Tiers? tiers) => tiers is not null && (tiers.Metric == metric || tiers.Metric == Metric.Tokens);

    private static PlanException PricedTwice(PlanFields fields, string name, Tiers tiers) =>
        fields.Error(name, $"the tiers on {tiers.Metric.Name()} price it already; leave one of both out");

    private static ImmutableArray<AdapterPrice> ReadAdapters(PlanFields fields, Currency currency)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var list = fields.ListOfFields("adapters");
        if (list.Length > MostAdapters)
            throw fields.Error("adapters", $"more than {MostAdapters}");
        return [.. list.Select(Read).OrderBy(adapter => adapter.Name, StringComparer.Ordinal)];

        AdapterPrice Read(PlanFields adapter)
        {
            var name = adapter.FindName("name") ?? throw adapter.Missing("name");
            if (!names.Add(name))
                throw adapter.Error("name", $"the adapter '{name}' occurs twice");
            if (adapter.FindAmount("per_million", currency) is var perMillion
                && adapter.FindAmount("per_request", currency) is var perRequest && perMillion is null && perRequest is null)
                throw adapter.Missing("per_million");
            adapter.RefuseUnknown();
            var zero = Amount.Zero(currency);
            return new(name, perMillion ?? zero, perRequest ?? zero);
        }
    }

    private static FreeAllowance ReadFree(PlanFields free, Tiers? tiers)
    {
        var allowance = new FreeAllowance(
            Quantity(Metric.Input), Quantity(Metric.Cached), Quantity(Metric.Output), Quantity(Metric.Tokens), Quantity(Metric.Requests));
        free.RefuseUnknown();
        if (allowance is { Tokens: > 0 } and not { Input: 0, Cached: 0, Output: 0 })
            throw free.Error("tokens", "these are all three kinds; give an allowance of tokens, or allowances by kind");
        if (tiers?.Metric == Metric.Tokens && allowance is not { Input: 0, Cached: 0, Output: 0 })
            throw free.Error("tokens", "the tiers price all tokens alike; give an allowance of tokens");
        return allowance;

        long Quantity(Metric metric) => free.FindInteger(metric.Name(), 0, MostUnits) ?? 0;
    }

    private static Tiers ReadTiers(PlanFields tiers, Currency currency)
    {
        var metric = tiers.Choice("metric", Metrics.Select(metric => (metric.Name(), metric)));
        Tiers read = tiers.Choice("kind", ("graduated", 0), ("volume", 1), ("package", 2)) switch
        {
            0 => new GraduatedTiers(metric, ReadSteps(tiers, currency)),
            1 => new VolumeTiers(metric, ReadSteps(tiers, currency)),
            _ => new PackageTiers(
                metric, tiers.FindInteger("size", 1, MostUnits) ?? throw tiers.Missing("size"),
                tiers.FindAmount("price", currency) ?? throw tiers.Missing("price")),
        };
        tiers.RefuseUnknown();
        return read;
    }

    private static ImmutableArray<TierStep> ReadSteps(PlanFields tiers, Currency currency)
    {
        var list = tiers.ListOfFields("steps");
        if (list.Length is 0 or > MostSteps)
            throw tiers.Error("steps", $"expected 1 to {MostSteps} steps");
        var steps = ImmutableArray.CreateBuilder<TierStep>(list.Length);
        long last = 0;
        for (var i = 0; i < list.Length; i++)
        {
            var upTo = list[i].FindInteger("up_to", 1, MostUnits);
            if (upTo is null != (i == list.Length - 1))
                throw list[i].Error("up_to", "every step but the last says how far it goes, and the last has no end");
            if (upTo <= last)
                throw list[i].Error("up_to", string.Create(CultureInfo.InvariantCulture, $"{upTo} is not above the step before, {last}"));
            last = upTo ?? last;
            steps.Add(new(upTo, list[i].FindAmount("rate", currency) ?? throw list[i].Missing("rate")));
            list[i].RefuseUnknown();
        }
        return steps.MoveToImmutable();
    }
}
