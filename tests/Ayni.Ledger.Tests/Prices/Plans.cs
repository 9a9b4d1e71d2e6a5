using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

/// <summary>Plans for tests: from their text, and at random.</summary>
internal static class Plans
{
    public static PricePlan Read(string yaml) => PricePlan.Parse("plan.yaml", yaml, LedgerZone.Utc).Plan;

    /// <summary>Plans with every rule, whose steps and allowances lie at a few units so that requests meet all their boundaries.</summary>
    public static Gen<PricePlan> Any =>
        from rates in Gen.Choose(0, 2_000_000).ArrayOf(4)
        from rules in Gen.Elements("graduated", "volume", "package").ArrayOf(4)
        from metrics in Gen.Elements<string[]>(
            [], ["input"], ["cached"], ["output"], ["tokens"], ["requests"], ["input", "output"], ["tokens", "requests"],
            ["input", "cached", "output", "requests"])
        from edges in Gen.Choose(1, 12).ArrayOf(3)
        from steps in Gen.Choose(0, 3_000_000).ArrayOf(4)
        from free in Gen.Choose(0, 10).ArrayOf(4)
        from freeKind in Gen.Elements("none", "tokens", "kinds")
        from adapter in Gen.Elements(true, false)
        select Read(Write(rates, rules, metrics, [.. edges.Order().Distinct()], steps, free, freeKind, adapter));

    /// <summary>Requests and what was used before them, around the boundaries of <see cref="Any"/>.</summary>
    public static Gen<(TokenCounts Counts, MonthUse Before)> Requests =>
        from counts in Gen.Choose(0, 9).ArrayOf(3)
        from before in Gen.Choose(0, 14).ArrayOf(4)
        select (new TokenCounts(counts[0], counts[1], counts[2], 5), new MonthUse(before[3], before[0], before[1], before[2]));

    private static string Write(
        int[] rates, string[] rules, string[] metrics, int[] edges, int[] steps, int[] free, string freeKind, bool adapter)
    {
        var yaml = new StringBuilder("model: llama\ncurrency: EUR\n");
        string[] names = ["input", "cached", "output", "request"];
        for (var i = 0; i < names.Length; i++)
        {
            var metric = names[i] == "request" ? "requests" : names[i];
            if (!metrics.Contains(metric) && (metric == "requests" || !metrics.Contains("tokens")))
                Line($"{names[i]}: 0.{rates[i]:D12}");
        }
        if (adapter)
            Line($"adapters: [{{name: poet, per_million: 0.{rates[0]:D12}, per_request: 0.{rates[1]:D12}}}]");
        if (freeKind == "tokens" || (freeKind == "kinds" && metrics.Contains("tokens")))
            Line($"free: {{tokens: {free[0]}, requests: {free[3]}}}");
        else if (freeKind == "kinds")
            Line($"free: {{input: {free[0]}, cached: {free[1]}, output: {free[2]}, requests: {free[3]}}}");
        if (metrics.Length > 0)
            Line($"tiers:");
        for (var m = 0; m < metrics.Length; m++)
        {
            // Each metric has edges and rates of its own.
            if (rules[m] == "package")
            {
                // A price that the size divides, for the reference; other prices have a test of their own.
                Line($"- {{kind: package, metric: {metrics[m]}, size: {edges[0] + m}, price: 0.{(long)steps[m] * (edges[0] + m):D12}}}");
                continue;
            }
            Line($"- kind: {rules[m]}\n  metric: {metrics[m]}\n  steps:");
            for (var i = 0; i < edges.Length; i++)
                Line($"    - {{up_to: {edges[i] + m}, rate: 0.{steps[(i + m) % 4]:D12}}}");
            Line($"    - {{rate: 0.{steps[(3 + m) % 4]:D12}}}");
        }
        return yaml.ToString();

        void Line(FormattableString text) => yaml.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
