using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// Writes a plan as its canonical JSON: one text for one plan, which <see cref="PlanReader"/> reads back. Fields stand in one order,
/// amounts are decimal strings in their shortest form, quantities are numbers, and what is zero or absent is left out.
/// </summary>
internal static class PlanText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(PricePlan plan)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, Options))
            Write(json, plan);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, PricePlan plan)
    {
        json.WriteStartObject();
        if (plan.Name is { } name)
            json.WriteString("name", name);
        json.WriteStartArray("models");
        foreach (var model in plan.Models)
            json.WriteStringValue(model);
        json.WriteEndArray();
        json.WriteString("currency", plan.Currency.Code);
        WriteRate(json, plan, UsageMetric.Input, plan.Input);
        WriteRate(json, plan, UsageMetric.Cached, plan.Cached);
        WriteRate(json, plan, UsageMetric.Output, plan.Output);
        WriteAmount(json, "request", plan.Request);
        if (plan.Adapters.Length > 0)
            WriteAdapters(json, plan.Adapters);
        if (plan.Free.IsAny)
            WriteFree(json, plan.Free);
        WriteTiers(json, plan.Tiers);
        WriteAmount(json, "minimum", plan.Minimum);
        WriteAmount(json, "fee", plan.Fee);
        WriteChoice(json, "free_use", plan.Rules.FreeUse);
        WriteChoice(json, "breakage", plan.Rules.Breakage);
        WriteChoice(json, "proration", plan.Rules.Proration);
        json.WriteEndObject();
    }

    /// <summary>A flat rate of tokens is always stated, also that it is zero, but where tiers take its place.</summary>
    private static void WriteRate(Utf8JsonWriter json, PricePlan plan, UsageMetric metric, Amount rate)
    {
        if (plan.TiersOf(metric) is null)
            json.WriteString(metric.Name(), rate.Format());
    }

    private static void WriteAdapters(Utf8JsonWriter json, ImmutableArray<AdapterPrice> adapters)
    {
        json.WriteStartArray("adapters");
        foreach (var adapter in adapters)
        {
            json.WriteStartObject();
            json.WriteString("name", adapter.Name);
            WriteAmount(json, "per_million", adapter.PerMillion);
            WriteAmount(json, "per_request", adapter.PerRequest);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFree(Utf8JsonWriter json, FreeAllowance free)
    {
        json.WriteStartObject("free");
        WriteQuantity(json, "input", free.Input);
        WriteQuantity(json, "cached", free.Cached);
        WriteQuantity(json, "output", free.Output);
        WriteQuantity(json, "tokens", free.Tokens);
        WriteQuantity(json, "requests", free.Requests);
        json.WriteEndObject();
    }

    /// <summary>One metric's tiers stand alone, those of several in a list.</summary>
    private static void WriteTiers(Utf8JsonWriter json, ImmutableArray<PriceTiers> all)
    {
        if (all.IsEmpty)
            return;
        json.WritePropertyName("tiers");
        if (all.Length > 1)
            json.WriteStartArray();
        foreach (var tiers in all)
            Write(json, tiers);
        if (all.Length > 1)
            json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, PriceTiers tiers)
    {
        json.WriteStartObject();
        json.WriteString("kind", PlanReader.KindOf(tiers));
        json.WriteString("metric", tiers.Metric.Name());
        if (tiers is PackageTiers package)
        {
            json.WriteNumber("size", package.Size);
            json.WriteString("price", package.Price.Format());
        }
        if (tiers is SteppedTiers stepped)
        {
            json.WriteStartArray("steps");
            foreach (var step in stepped.Steps)
            {
                json.WriteStartObject();
                if (step.UpTo is { } upTo)
                    json.WriteNumber("up_to", upTo);
                json.WriteString("rate", step.Rate.Format());
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteAmount(Utf8JsonWriter json, string name, Amount amount)
    {
        if (amount.Sign != 0)
            json.WriteString(name, amount.Format());
    }

    /// <summary>A rule, unless it is the one that holds where none is stated.</summary>
    private static void WriteChoice<T>(Utf8JsonWriter json, string name, T rule)
        where T : struct, Enum
    {
        if (!rule.Equals(default(T)))
            json.WriteString(name, rule.ToString().ToLowerInvariant());
    }

    private static void WriteQuantity(Utf8JsonWriter json, string name, long quantity)
    {
        if (quantity != 0)
            json.WriteNumber(name, quantity);
    }
}
