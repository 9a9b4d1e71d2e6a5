using System.Collections.Immutable;
using System.Globalization;

namespace Ayni.Ledger;

/// <summary>Reads an agreement's document. Parties stand as they are written, by role or id, until the ledger resolves them.</summary>
internal sealed class TermsReader
{
    private const int MostShares = 100;
    private const int MostMembers = 100_000;
    private const int LargestMultiple = 1_000 * Backers.One;

    private readonly Func<string, byte[]>? _readManifest;
    private readonly LedgerZone _zone;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private Currency? _currency;
    private string _collector = "";

    private TermsReader(Func<string, byte[]>? readManifest, LedgerZone zone) => (_readManifest, _zone) = (readManifest, zone);

    /// <summary>Reads a document. Throws <see cref="DocumentException"/> where it makes no agreement.</summary>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="readManifest">Reads the file that a pool names; null where pools have their weights written out.</param>
    /// <param name="zone">The zone in which a day begins; UTC if not given. What a ledger keeps has no days, only instants.</param>
    public static AgreementTerms Read(string path, string text, Func<string, byte[]>? readManifest = null, LedgerZone? zone = null) =>
        new TermsReader(readManifest, zone ?? LedgerZone.Utc).Read(DocumentFields.Parse(path, text));

    private AgreementTerms Read(DocumentFields fields)
    {
        var name = fields.FindName("agreement") ?? throw fields.Missing("agreement");
        if (fields.FindString("currency") is { } code)
            _currency = Currency.TryParse(code, out var currency) ? currency : throw fields.Error("currency", "no currency of ISO 4217");
        _collector = fields.FindName("collector") ?? throw fields.Missing("collector");
        if (_collector == ShareTerms.EachDeveloper)
            throw fields.Error("collector", "each app has a developer of its own; name the party by its id");
        var split = ReadSplit(fields);
        var (from, at) = split.IsEmpty ? (fields.FindPeriod("from"), null) : ReadFrom(fields);
        var until = fields.FindPeriod("until");
        if (until < from)
            throw fields.Error("until", $"{until} lies before {from}");
        var list = fields.FindListOfFields("shares");
        if (split.IsEmpty ? list.Length is 0 or > MostShares : list.Length > 0)
            throw fields.Error("shares", $"an agreement has 1 to {MostShares} shares, or a split");
        if (fields.FindString("acceptance") is { } acceptance and not "required")
            throw fields.Error("acceptance", $"'{DocumentFields.Short(acceptance)}' is no choice: every agreement needs everybody's acceptance");
        var isRetroactive = fields.Boolean("retroactive", otherwise: false);
        if (isRetroactive && from is null && at is null)
            throw fields.Error("retroactive", "say from when on, with 'from'");
        var terms = new AgreementTerms
        {
            Name = name,
            Model = fields.FindName("model"),
            Currency = _currency,
            CollectorId = _collector,
            From = from,
            Until = until,
            At = at,
            IsRetroactive = isRetroactive,
            Replaces = [.. fields.FindStrings("replaces").Select(text => ReadVersion(fields, text)).Distinct().Order()],
            Affected = [.. ReadNames(fields, "affected").Order(StringComparer.Ordinal)],
            Deductions = ReadDeductions(fields),
            MarketplaceFee = ReadMarketplaceFee(fields),
            Shares = [.. list.Select(ReadShare)],
            Split = split,
        };
        if (terms.IsSplit && (terms.MarketplaceFee is not null || !terms.Deductions.IsEmpty))
            throw fields.Error("split", "it takes nothing off; a document with shares does");
        if (!isRetroactive && !(terms.Replaces.IsEmpty && terms.Affected.IsEmpty))
            throw fields.Error("replaces", "only what is retroactive replaces versions");
        fields.RefuseUnknown();
        if (terms.IsSplit)
            return terms;
        // Shares of some of the revenue may exclude each other; those of all of it can't come to more than there is.
        var fee = terms.MarketplaceFee?.PartsPerMillion ?? 0;
        var most = Most(terms, ShareBase.Gross) + fee + (Share.Whole - fee) * Most(terms, ShareBase.Net) / Share.Whole;
        return most <= Share.Whole
            ? terms
            : throw fields.Error("shares", $"together they can take {Percent(most)} of the revenue; at most 100% is there");
    }

    private static ImmutableArray<Share> ReadSplit(DocumentFields fields)
    {
        var split = ImmutableArray.CreateBuilder<Share>();
        foreach (var item in fields.FindListOfFields("split"))
        {
            var payee = item.FindName("payee") ?? throw item.Missing("payee");
            var rate = item.FindPercent("rate") ?? throw item.Missing("rate");
            if (rate == 0)
                throw item.Error("rate", "leave out who earns nothing");
            split.Add(payee == ShareTerms.EachDeveloper ? Share.Of(Role.Developer, rate) : Share.Of(payee, rate));
            item.RefuseUnknown();
        }
        if (split.Count > MostShares)
            throw fields.Error("split", $"an agreement has 1 to {MostShares} shares");
        return split.Count == 0 || split.Sum(share => (long)share.PartsPerMillion) is Share.Whole
            ? split.ToImmutable()
            : throw fields.Error("split", $"the parts add up to {Percent(split.Sum(share => (long)share.PartsPerMillion))}; they must add up to 100%");
    }

    /// <summary>When a split begins: with a month, or at an instant.</summary>
    private (Period? From, DateTimeOffset? At) ReadFrom(DocumentFields fields) =>
        fields.FindString("from") is not { } text ? (null, null)
        : Period.TryParse(text, out var period) ? (period, null)
        : (null, fields.FindStart("from", _zone));

    private static long ReadVersion(DocumentFields fields, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw fields.Error("replaces", $"'{DocumentFields.Short(text)}' is no version's number");

    /// <summary>What all shares of a base that have no scope take at their highest rates, in parts of a million.</summary>
    private static long Most(AgreementTerms terms, ShareBase of) => terms.Shares.Where(share => !share.IsScoped && share.Base == of)
        .Sum(share => (long)Math.Max(
            share.Tiers.Max(tier => (int?)tier.PartsPerMillion) ?? 0,
            share.Backers is { } backers ? Math.Max(backers.RecoupPartsPerMillion, backers.ThenPartsPerMillion) : 0));

    private static ImmutableArray<AllowedDeduction> ReadDeductions(DocumentFields fields)
    {
        var deductions = new List<AllowedDeduction>();
        foreach (var item in fields.FindListOfFields("deductions"))
        {
            var type = item.FindChoice("type", Enum.GetValues<DeductionType>().Select(type => (type.Name(), type))) ?? throw item.Missing("type");
            if (deductions.Exists(other => other.Type == type))
                throw item.Error("type", $"{type.Name()} is listed twice");
            deductions.Add(new(type, item.FindPercent("cap")));
            item.RefuseUnknown();
        }
        return [.. deductions.OrderBy(deduction => deduction.Type)];
    }

    private static MarketplaceFee? ReadMarketplaceFee(DocumentFields fields)
    {
        if (fields.FindFields("marketplace_fee") is not { } fee)
            return null;
        var payee = fee.FindName("payee") ?? throw fee.Missing("payee");
        if (payee == ShareTerms.EachDeveloper)
            throw fee.Error("payee", "a store takes it; name the party");
        var read = new MarketplaceFee(payee, fee.FindPercent("rate") ?? throw fee.Missing("rate"));
        fee.RefuseUnknown();
        return read;
    }

    private ShareTerms ReadShare(DocumentFields fields)
    {
        var name = fields.FindName("name") ?? throw fields.Missing("name");
        if (name == AgreementEvaluation.MarketplaceFeeShare)
            throw fields.Error("name", "the marketplace's fee is called so; take another");
        if (!_names.Add(name))
            throw fields.Error("name", $"two shares are called '{name}'");
        var (kind, tiers) = ReadTiers(fields);
        var share = new ShareTerms
        {
            Name = name,
            PayeeId = fields.FindName("payee"),
            Pool = ReadPool(fields),
            Backers = ReadBackers(fields),
            Models = ReadNames(fields, "models"),
            Adapters = ReadNames(fields, "adapters"),
            Apps = ReadNames(fields, "apps"),
            Hosts = ReadNames(fields, "hosts"),
            Territories = ReadTerritories(fields),
            Base = fields.FindChoice("base", ("net", ShareBase.Net), ("gross", ShareBase.Gross), ("remainder", ShareBase.Remainder)) ?? ShareBase.Net,
            Measure = fields.FindChoice("measure", ("billed", ShareMeasure.Billed), ("collected", ShareMeasure.Collected)) ?? ShareMeasure.Billed,
            TierKind = kind,
            Tiers = tiers,
            Fixed = ReadAmount(fields, "fixed"),
            Floor = ReadAmount(fields, "floor"),
            Cap = ReadAmount(fields, "cap"),
            Guarantee = ReadGuarantee(fields),
            Advance = ReadAdvance(fields),
        };
        fields.RefuseUnknown();
        Check(fields, share);
        return share;
    }

    private static void Check(DocumentFields fields, ShareTerms share)
    {
        if ((share.PayeeId is null ? 0 : 1) + (share.Pool is null ? 0 : 1) + (share.Backers is null ? 0 : 1) != 1)
            throw fields.Error($"the share '{share.Name}' has one of payee, pool and backers");
        if (share.Backers is not null && !share.Tiers.IsEmpty)
            throw fields.Error("backers", "they bring their own rates; leave out rate and tiers");
        if (share.Backers is null && share.Tiers.IsEmpty && share.Fixed is null)
            throw fields.Error($"the share '{share.Name}' has a rate, tiers or a fixed amount");
        if (share.IsEachDeveloper && (share.Fixed ?? share.Floor ?? share.Guarantee?.Amount ?? share.Advance?.Amount) is not null)
            throw fields.Error("payee", "fixed, floor, guarantee and advance are promised to a party; name it by its id");
        if (share.Base == ShareBase.Remainder && (share.IsScoped || share.IsEachDeveloper || share.Measure == ShareMeasure.Collected))
            throw fields.Error("base", "the remainder is what all revenue leaves; it has no scope, no developer and is as billed");
        if (share.Cap is { } cap && share.Floor is { } floor && floor > cap)
            throw fields.Error("floor", $"{floor} lies above the cap of {cap}");
    }

    private (TierKind Kind, ImmutableArray<Tier> Tiers) ReadTiers(DocumentFields fields)
    {
        var rate = fields.FindPercent("rate");
        if (fields.FindFields("tiers") is not { } tiers)
            return (TierKind.Marginal, rate is { } plain ? [new Tier(null, plain)] : []);
        if (rate is not null)
            throw fields.Error("rate", "a share has one rate or tiers");
        var kind = tiers.FindChoice("kind", ("marginal", TierKind.Marginal), ("cliff", TierKind.Cliff)) ?? throw tiers.Missing("kind");
        var steps = ImmutableArray.CreateBuilder<Tier>();
        var items = tiers.FindListOfFields("steps");
        foreach (var item in items)
        {
            var upTo = ReadAmount(item, "up_to");
            if (upTo is null != (steps.Count == items.Length - 1))
                throw item.Error("every tier but the last has an up_to");
            if (upTo is { } edge && (edge.Sign == 0 || (steps.Count > 0 && edge <= steps[^1].UpTo!.Value)))
                throw item.Error("up_to", "the edges rise from above zero");
            steps.Add(new(upTo, item.FindPercent("rate") ?? throw item.Missing("rate")));
            item.RefuseUnknown();
        }
        tiers.RefuseUnknown();
        return steps.Count > 0 ? (kind, steps.ToImmutable()) : throw tiers.Missing("steps");
    }

    private Guarantee? ReadGuarantee(DocumentFields fields)
    {
        if (fields.FindFields("guarantee") is not { } guarantee)
            return null;
        var read = new Guarantee(
            ReadAmount(guarantee, "amount") ?? throw guarantee.Missing("amount"), guarantee.Boolean("carry_forward", otherwise: false));
        guarantee.RefuseUnknown();
        return read;
    }

    private Advance? ReadAdvance(DocumentFields fields)
    {
        if (fields.FindFields("advance") is not { } advance)
            return null;
        var read = new Advance(
            ReadAmount(advance, "amount") ?? throw advance.Missing("amount"),
            advance.FindChoice("paid", ("here", false), ("elsewhere", true)) ?? false,
            advance.FindPercent("recoup") ?? Share.Whole);
        advance.RefuseUnknown();
        return read;
    }

    private Pool? ReadPool(DocumentFields fields)
    {
        if (fields.FindFields("pool") is not { } pool)
            return null;
        var items = pool.FindListOfFields("members");
        if (items.Length is 0 or > MostMembers)
            throw pool.Error("members", $"a pool has 1 to {MostMembers} members");
        var digest = ReadDigest(pool, "sha256");
        Pool read;
        if (pool.FindString("manifest") is { } manifest)
            read = ReadManifest(pool, items, manifest, digest);
        else
            read = new(digest, [.. items.Select(item =>
            {
                var member = new PoolMember(
                    ReadParty(item), item.FindInteger("weight", 1, ContributorWeights.Whole) ?? throw item.Missing("weight"), item.FindName("source"));
                item.RefuseUnknown();
                return member;
            })]);
        if (read.Members.Aggregate(Int128.Zero, (sum, member) => sum + member.Weight) > ContributorWeights.Whole)
            throw pool.Error("members", $"the weights add up to more than {ContributorWeights.Whole}");
        pool.RefuseUnknown();
        return read;
    }

    /// <summary>The weights that a manifest gives the parties; what contributors are not due stays with the collector.</summary>
    private Pool ReadManifest(DocumentFields pool, ImmutableArray<DocumentFields> items, string manifest, Digest? expected)
    {
        if (_readManifest is null)
            throw pool.Error("manifest", "write the weights out; no files are read here");
        byte[] bytes;
        try
        {
            bytes = _readManifest(manifest);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw pool.Error("manifest", $"'{manifest}' can't be read ({error.Message})");
        }
        var digest = Digest.Of(bytes);
        if (expected is { } given && given != digest)
            throw pool.Error("sha256", $"'{manifest}' has the digest {digest}");
        var parties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!parties.TryAdd(item.FindName("source") ?? throw item.Missing("source"), ReadParty(item)))
                throw item.Error("source", "it is named twice");
            item.RefuseUnknown();
        }
        IReadOnlyList<ContributorWeight> weights;
        try
        {
            weights = ContributorWeights.Read(bytes);
        }
        catch (FormatException error)
        {
            throw pool.Error("manifest", $"'{manifest}' {error.Message}");
        }
        if (parties.Keys.Except(weights.Select(weight => weight.Source), StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw pool.Error("members", $"'{manifest}' has no source '{unknown}'");
        var members = ImmutableArray.CreateBuilder<PoolMember>();
        foreach (var weight in weights)
        {
            if (!parties.TryGetValue(weight.Source, out var party))
                throw pool.Error("members", $"the source '{weight.Source}' of '{manifest}' is not among them; name the party that it pays");
            if (weight.Contributor > 0)
                members.Add(new(party, weight.Contributor, weight.Source));
        }
        var rest = ContributorWeights.Whole - weights.Sum(weight => weight.Contributor);
        if (rest > 0)
            members.Add(new(_collector, rest));
        return new(digest, members.ToImmutable());
    }

    private Backers? ReadBackers(DocumentFields fields)
    {
        if (fields.FindFields("backers") is not { } backers)
            return null;
        var members = backers.FindListOfFields("members").Select(item =>
        {
            var member = new Backer(ReadParty(item), ReadAmount(item, "paid") ?? throw item.Missing("paid"));
            item.RefuseUnknown();
            return member.Paid.Sign > 0 ? member : throw item.Error("paid", "more than nothing");
        }).ToImmutableArray();
        if (members.Length is 0 or > MostMembers)
            throw backers.Error("members", $"there are 1 to {MostMembers} backers");
        var multiple = ReadMultiple(backers, "multiple") ?? throw backers.Missing("multiple");
        var cap = ReadMultiple(backers, "cap");
        var recoup = backers.FindPercent("recoup") ?? throw backers.Missing("recoup");
        if (recoup == 0)
            throw backers.Error("recoup", "at nothing they never recoup");
        if (cap < multiple)
            throw backers.Error("cap", "it is not below the multiple");
        var read = new Backers(recoup, multiple, backers.FindPercent("then") ?? 0, cap, members);
        backers.RefuseUnknown();
        return read;
    }

    /// <summary>A multiple such as 1.5, with at most four decimals, in ten-thousandths.</summary>
    private static int? ReadMultiple(DocumentFields fields, string name)
    {
        if (fields.FindString(name) is not { } text)
            return null;
        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and <= LargestMultiple / Backers.One && number * Backers.One is var parts && parts == decimal.Truncate(parts)
            ? (int)parts
            : throw fields.Error(name, $"expected a multiple with at most four decimals, such as 1.5, up to {LargestMultiple / Backers.One}");
    }

    private static string ReadParty(DocumentFields fields)
    {
        var party = fields.FindName("party") ?? throw fields.Missing("party");
        return party == ShareTerms.EachDeveloper ? throw fields.Error("party", "each app has a developer of its own; name the party by its id") : party;
    }

    private static ImmutableArray<string> ReadNames(DocumentFields fields, string name)
    {
        var names = fields.FindStrings(name);
        foreach (var text in names)
        {
            try
            {
                Text.Demand(text, "name");
            }
            catch (LedgerRefusedException refused)
            {
                throw fields.Error(name, refused.Message);
            }
        }
        return [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static ImmutableArray<string> ReadTerritories(DocumentFields fields)
    {
        var names = ReadNames(fields, "territories");
        return names.FirstOrDefault(name => !Territory.IsCode(name)) is { } wrong
            ? throw fields.Error("territories", $"'{wrong}' is no country of ISO 3166 (two capital letters)")
            : names;
    }

    private static Digest? ReadDigest(DocumentFields fields, string name)
    {
        if (fields.FindString(name) is not { } text)
            return null;
        try
        {
            return Digest.Parse(text);
        }
        catch (FormatException error)
        {
            throw fields.Error(name, error.Message);
        }
    }

    private Amount? ReadAmount(DocumentFields fields, string name)
    {
        if (!fields.Has(name))
            return null;
        if (_currency is null)
            throw fields.Error(name, "an amount; say at the top which currency the agreement's amounts are in");
        return fields.FindAmount(name, _currency);
    }

    private static string Percent(long partsPerMillion) => ((decimal)partsPerMillion / 10_000).ToString("0.####", CultureInfo.InvariantCulture) + "%";
}
