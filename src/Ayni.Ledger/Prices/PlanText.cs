using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// Writes a plan as its canonical JSON: one text for one plan, which <see cref="PlanReader"/> reads back. Fields stand in one order, amounts
/// are decimal strings in their shortest form, quantities are numbers, and what is zero or absent is left out.
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
        if (plan.Tiers is { } tiers)
            Write(json, tiers);
        WriteAmount(json, "minimum", plan.Minimum);
        WriteAmount(json, "fee", plan.Fee);
        json.WriteEndObject();
    }

    /// <summary>A flat rate of tokens is always stated, also that it is zero, but where tiers take its place.</summary>
    private static void WriteRate(Utf8JsonWriter json, PricePlan plan, UsageMetric metric, Amount rate)
    {
        if (plan.Tiers is not { } tiers || (tiers.Metric != metric && tiers.Metric != UsageMetric.Tokens))
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

    private static void Write(Utf8JsonWriter json, PriceTiers tiers)
    {
        json.WriteStartObject("tiers");
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

    private static void WriteQuantity(Utf8JsonWriter json, string name, long quantity)
    {
        if (quantity != 0)
            json.WriteNumber(name, quantity);
    }
}
