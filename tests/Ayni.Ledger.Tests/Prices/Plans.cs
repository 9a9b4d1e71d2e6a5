using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>Plans for tests: from their text, and at random.</summary>
internal static class Plans
{
    public static PricePlan Read(string yaml) => PricePlan.Parse("plan.yaml", yaml).Plan;

    /// <summary>Plans with every rule, whose steps and allowances lie at a few units so that requests meet all their boundaries.</summary>
    public static Gen<PricePlan> Any =>
        from rates in Gen.Choose(0, 2_000_000).ArrayOf(4)
        from rule in Gen.Elements("none", "graduated", "volume", "package")
        from metric in Gen.Elements("input", "cached", "output", "tokens", "requests")
        from edges in Gen.Choose(1, 12).ArrayOf(3)
        from steps in Gen.Choose(0, 3_000_000).ArrayOf(4)
        from free in Gen.Choose(0, 10).ArrayOf(4)
        from freeKind in Gen.Elements("none", "tokens", "kinds")
        from adapter in Gen.Elements(true, false)
        select Read(Write(rates, rule, metric, [.. edges.Order().Distinct()], steps, free, freeKind, adapter));

    /// <summary>Requests and what was used before them, around the boundaries of <see cref="Any"/>.</summary>
    public static Gen<(TokenCounts Counts, MonthUse Before)> Requests =>
        from counts in Gen.Choose(0, 9).ArrayOf(3)
        from before in Gen.Choose(0, 14).ArrayOf(4)
        select (new TokenCounts(counts[0], counts[1], counts[2], 5), new MonthUse(before[3], before[0], before[1], before[2]));

    private static string Write(
        int[] rates, string rule, string metric, int[] edges, int[] steps, int[] free, string freeKind, bool adapter)
    {
        var yaml = new StringBuilder("model: llama\ncurrency: EUR\n");
        string[] names = ["input", "cached", "output", "request"];
        for (var i = 0; i < names.Length; i++)
        {
            var tiered = rule != "none"
                && (names[i] == metric || (metric == "tokens" && names[i] != "request") || (metric == "requests" && names[i] == "request"));
            if (!tiered)
                Line($"{names[i]}: 0.{rates[i]:D12}");
        }
        if (adapter)
            Line($"adapters: [{{name: poet, per_million: 0.{rates[0]:D12}, per_request: 0.{rates[1]:D12}}}]");
        if (freeKind == "tokens" || (freeKind == "kinds" && rule != "none" && metric == "tokens"))
            Line($"free: {{tokens: {free[0]}, requests: {free[3]}}}");
        else if (freeKind == "kinds")
            Line($"free: {{input: {free[0]}, cached: {free[1]}, output: {free[2]}, requests: {free[3]}}}");
        if (rule == "package")
            // A price that the size divides, for the reference; other prices have a test of their own.
            Line($"tiers: {{kind: package, metric: {metric}, size: {edges[0]}, price: 0.{(long)steps[0] * edges[0]:D12}}}");
        else if (rule != "none")
        {
            Line($"tiers:\n  kind: {rule}\n  metric: {metric}\n  steps:");
            for (var i = 0; i < edges.Length; i++)
                Line($"    - {{up_to: {edges[i]}, rate: 0.{steps[i]:D12}}}");
            Line($"    - {{rate: 0.{steps[3]:D12}}}");
        }
        return yaml.ToString();

        void Line(FormattableString text) => yaml.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
