using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Makes a plan of its tree and checks that it says one thing only.</summary>
internal static class PlanReader
{
    private const int MostModels = 100, MostAdapters = 1000, MostSteps = 100;

    /// <summary>The largest quantity that is believed: a trillion tokens a month.</summary>
    private const long MostUnits = 1_000_000_000_000;

    private static readonly UsageMetric[] Metrics = Enum.GetValues<UsageMetric>();

    /// <summary>Reads a plan, and the instant from which it holds if it says so; a day begins in the zone.</summary>
    /// <exception cref="DocumentException">It is no plan.</exception>
    public static (PricePlan Plan, DateTimeOffset? From) Read(DocumentFields fields, LedgerZone zone)
    {
        var name = fields.FindName("name");
        var models = ReadModels(fields);
        var code = fields.String("currency");
        if (!Currency.TryParse(code, out var currency))
        {
            throw fields.Error(
                "currency", $"'{DocumentFields.Short(code)}' is no currency; give its ISO 4217 code in capital letters, such as EUR");
        }
        var from = fields.FindStart("from", zone);
        var tiers = ReadTiers(fields, currency);
        var zero = Amount.Zero(currency);
        var input = ReadRate(fields, UsageMetric.Input, tiers, currency) ?? throw fields.Missing("input");
        var plan = new PricePlan
        {
            Name = name,
            Models = models,
            Input = input,
            Cached = ReadCached(fields, tiers, currency, input),
            Output = ReadRate(fields, UsageMetric.Output, tiers, currency) ?? throw fields.Missing("output"),
            Request = ReadRequest(fields, tiers, currency),
            Adapters = ReadAdapters(fields, currency),
            Free = fields.FindFields("free") is { } free ? ReadFree(free, tiers) : default,
            Tiers = tiers,
            Minimum = FindAmount(fields, "minimum", currency) ?? zero,
            Fee = FindAmount(fields, "fee", currency) ?? zero,
            Rules = new(
                fields.FindChoice("free_use", ("shared", FreeUse.Shared), ("own", FreeUse.Own)) ?? FreeUse.Shared,
                fields.FindChoice("breakage", ("used", Breakage.Used), ("plan", Breakage.Plan)) ?? Breakage.Used,
                fields.FindChoice("proration", ("none", Proration.None), ("days", Proration.Days)) ?? Proration.None),
        };
        Check(fields, plan);
        fields.RefuseUnknown();
        return (plan, from);
    }

    private static void Check(DocumentFields fields, PricePlan plan)
    {
        if (plan.Fee.Sign > 0 && plan.Name is null)
            throw fields.Error("fee", "a fee is for subscribers, who subscribe to a plan by its name; give the plan a 'name'");
        if (plan.Fee.Sign == 0 && plan.Rules.Breakage == Breakage.Plan)
            throw fields.Error("breakage", "it is what nobody used of a fee; the plan has none");
        if (plan.Fee.Sign == 0 && plan.Rules.Proration == Proration.Days)
            throw fields.Error("proration", "it is of a fee; the plan has none");
        if (plan.Rules is { Breakage: Breakage.Plan, FreeUse: FreeUse.Own })
            throw fields.Error("breakage", "'plan' gives the fee to the free use that it pays for, and free_use 'own' gives free use nothing");
    }

    /// <summary>The word for the tiers' kind.</summary>
    public static string KindOf(PriceTiers tiers) => tiers switch
    {
        GraduatedTiers => "graduated",
        VolumeTiers => "volume",
        PackageTiers => "package",
        _ => throw new ArgumentOutOfRangeException(nameof(tiers)),
    };

    private static ImmutableArray<string> ReadModels(DocumentFields fields)
    {
        var one = fields.FindName("model");
        var several = ReadNames(fields);
        if (one is null == several.IsEmpty)
            throw fields.Error("model", "a plan prices one 'model' or several 'models', and says one of both");
        if (several.Length > MostModels)
            throw fields.Error("models", $"more than {MostModels}");
        return one is null ? several : [one];
    }

    private static ImmutableArray<string> ReadNames(DocumentFields fields)
    {
        var names = fields.FindStrings("models");
        try
        {
            foreach (var name in names)
                Text.Demand(name, "model's name");
        }
        catch (LedgerRefusedException refused)
        {
            throw fields.Error("models", refused.Message);
        }
        return names.Distinct(StringComparer.Ordinal).Count() == names.Length ? names : throw fields.Error("models", "one occurs twice");
    }

    private static Amount? FindAmount(DocumentFields fields, string name, Currency currency) => fields.FindAmount(name, currency) switch
    {
        null => null,
        { } amount when PriceList.IsAcceptable(amount) => amount,
        var amount => throw fields.Error(name, $"{amount} lies outside 0 to {PricePlan.Largest} {currency}"),
    };

    /// <summary>A metric's flat rate; zero where the tiers price it, null where it is left out.</summary>
    private static Amount? ReadRate(DocumentFields fields, UsageMetric metric, ImmutableArray<PriceTiers> tiers, Currency currency)
    {
        if (tiers.FirstOrDefault(tiers => tiers.Prices(metric)) is not { } own)
            return FindAmount(fields, metric.Name(), currency);
        return fields.Has(metric.Name()) ? throw PricedTwice(fields, metric.Name(), own) : Amount.Zero(currency);
    }

    /// <summary>
    /// Cached input costs what input does unless the plan says otherwise, which it must where tiers price the one but not the other.
    /// </summary>
    private static Amount ReadCached(DocumentFields fields, ImmutableArray<PriceTiers> tiers, Currency currency, Amount input) =>
        ReadRate(fields, UsageMetric.Cached, tiers, currency)
        ?? (tiers.Any(tiers => tiers.Metric == UsageMetric.Input) ? throw fields.Error("cached", "state it, since tiers price the input") : input);

    private static Amount ReadRequest(DocumentFields fields, ImmutableArray<PriceTiers> tiers, Currency currency)
    {
        if (fields.Has("request") && tiers.FirstOrDefault(tiers => tiers.Metric == UsageMetric.Requests) is { } own)
            throw PricedTwice(fields, "request", own);
        return FindAmount(fields, "request", currency) ?? Amount.Zero(currency);
    }

    private static DocumentException PricedTwice(DocumentFields fields, string name, PriceTiers tiers) =>
        fields.Error(name, $"the tiers on {tiers.Metric.Name()} price it already; leave one of both out");

    private static ImmutableArray<AdapterPrice> ReadAdapters(DocumentFields fields, Currency currency)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var list = fields.FindListOfFields("adapters");
        if (list.Length > MostAdapters)
            throw fields.Error("adapters", $"more than {MostAdapters}");
        return [.. list.Select(Read).OrderBy(adapter => adapter.Name, StringComparer.Ordinal)];

        AdapterPrice Read(DocumentFields adapter)
        {
            var name = adapter.FindName("name") ?? throw adapter.Missing("name");
            if (!names.Add(name))
                throw adapter.Error("name", $"the adapter '{name}' occurs twice");
            if (FindAmount(adapter, "per_million", currency) is var perMillion
                && FindAmount(adapter, "per_request", currency) is var perRequest && perMillion is null && perRequest is null)
                throw adapter.Missing("per_million");
            adapter.RefuseUnknown();
            var zero = Amount.Zero(currency);
            return new(name, perMillion ?? zero, perRequest ?? zero);
        }
    }

    private static FreeAllowance ReadFree(DocumentFields free, ImmutableArray<PriceTiers> tiers)
    {
        var allowance = new FreeAllowance(
            Quantity(UsageMetric.Input), Quantity(UsageMetric.Cached), Quantity(UsageMetric.Output), Quantity(UsageMetric.Tokens),
            Quantity(UsageMetric.Requests));
        free.RefuseUnknown();
        if (allowance is { Tokens: > 0 } and not { Input: 0, Cached: 0, Output: 0 })
            throw free.Error("tokens", "these are all three kinds; give an allowance of tokens, or allowances by kind");
        if (tiers.Any(tiers => tiers.Metric == UsageMetric.Tokens) && allowance is not { Input: 0, Cached: 0, Output: 0 })
            throw free.Error("tokens", "the tiers price all tokens alike; give an allowance of tokens");
        return allowance;

        long Quantity(UsageMetric metric) => free.FindInteger(metric.Name(), 0, MostUnits) ?? 0;
    }

    /// <summary>One metric's tiers as fields, or those of several in a list.</summary>
    private static ImmutableArray<PriceTiers> ReadTiers(DocumentFields fields, Currency currency)
    {
        if (!fields.HasList("tiers"))
            return fields.FindFields("tiers") is { } only ? [ReadTier(only, currency)] : [];
        var read = new List<PriceTiers>();
        foreach (var item in fields.FindListOfFields("tiers"))
        {
            var tiers = ReadTier(item, currency);
            if (read.Find(other => other.Prices(tiers.Metric) || tiers.Prices(other.Metric)) is { } other)
                throw item.Error("metric", $"the tiers on {other.Metric.Name()} price it already; leave one of both out");
            read.Add(tiers);
        }
        return [.. read.OrderBy(tiers => tiers.Metric)];
    }

    private static PriceTiers ReadTier(DocumentFields tiers, Currency currency)
    {
        var metric = tiers.FindChoice("metric", Metrics.Select(metric => (metric.Name(), metric))) ?? throw tiers.Missing("metric");
        PriceTiers read = tiers.FindChoice("kind", ("graduated", 0), ("volume", 1), ("package", 2)) switch
        {
            null => throw tiers.Missing("kind"),
            0 => new GraduatedTiers(metric, ReadSteps(tiers, currency)),
            1 => new VolumeTiers(metric, ReadSteps(tiers, currency)),
            _ => ReadPackage(tiers, metric, currency),
        };
        tiers.RefuseUnknown();
        return read;
    }

    /// <summary>A package's units cost no more by themselves than flat rates may.</summary>
    private static PackageTiers ReadPackage(DocumentFields tiers, UsageMetric metric, Currency currency)
    {
        var size = tiers.FindInteger("size", 1, MostUnits) ?? throw tiers.Missing("size");
        var price = FindAmount(tiers, "price", currency) ?? throw tiers.Missing("price");
        var units = metric.RateUnits();
        return PriceList.IsAcceptable(price, size, units)
            ? new(metric, size, price)
            : throw tiers.Error(
                "price", string.Create(CultureInfo.InvariantCulture, $"{price} for {size} is more than {PricePlan.Largest} {currency} for {units}"));
    }

    private static ImmutableArray<PriceStep> ReadSteps(DocumentFields tiers, Currency currency)
    {
        var list = tiers.FindListOfFields("steps");
        if (list.Length is 0 or > MostSteps)
            throw tiers.Error("steps", $"expected 1 to {MostSteps} steps");
        var steps = ImmutableArray.CreateBuilder<PriceStep>(list.Length);
        long last = 0;
        for (var i = 0; i < list.Length; i++)
        {
            var upTo = list[i].FindInteger("up_to", 1, MostUnits);
            if (upTo is null != (i == list.Length - 1))
                throw list[i].Error("up_to", "every step but the last says how far it goes, and the last has no end");
            if (upTo <= last)
                throw list[i].Error("up_to", string.Create(CultureInfo.InvariantCulture, $"{upTo} is not above the step before, {last}"));
            last = upTo ?? last;
            steps.Add(new(upTo, FindAmount(list[i], "rate", currency) ?? throw list[i].Missing("rate")));
            list[i].RefuseUnknown();
        }
        return steps.MoveToImmutable();
    }
}
