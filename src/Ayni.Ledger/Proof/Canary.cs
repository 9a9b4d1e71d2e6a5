using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// A request that a licensor made as a customer, to see whether its use is counted: what was asked of whom, what the answer said it used,
/// and the receipt that the host gave for it. A line of JSON in a canary's file. Immutable.
/// </summary>
/// <param name="AskedAt">When it was asked.</param>
/// <param name="Model">Which model was asked.</param>
/// <param name="PromptTokens">The prompt's tokens by the answer, cached ones among them.</param>
/// <param name="GeneratedTokens">The answer's tokens by the answer.</param>
/// <param name="Receipt">The receipt's JSON with its proof; empty if the host gave none.</param>
public sealed record Canary(DateTimeOffset AskedAt, string Model, long PromptTokens, long GeneratedTokens, string Receipt)
{
    /// <summary>Characters of the longest line.</summary>
    public const int MostCharacters = 1 << 20;

    /// <summary>The line, without its end.</summary>
    public string ToLine()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("asked_at", AskedAt);
            writer.WriteString("model", Model);
            writer.WriteNumber("prompt_tokens", PromptTokens);
            writer.WriteNumber("generated_tokens", GeneratedTokens);
            writer.WriteString("receipt", Receipt);
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>Reads a line. Throws <see cref="ProofException"/> for what is none.</summary>
    public static Canary Parse(string line)
    {
        ProofChecks.All.Demand(ProofCheck.Format, line.Length <= MostCharacters, "A canary's line is too long.");
        var json = ProofFormat.ParseObject(System.Text.Encoding.UTF8.GetBytes(line), "canary");
        return json.Field("asked_at", JsonValueKind.String).TryGetDateTimeOffset(out var askedAt)
            ? new(
                askedAt, json.TextField("model"), json.NumberField("prompt_tokens"), json.NumberField("generated_tokens"), json.TextField("receipt"))
            : throw new ProofException(ProofCheck.Format, "The field 'asked_at' is no instant.");
    }

    /// <summary>
    /// Demands that the request was counted: that there is a receipt which the host signed, of this model and these tokens, that the log
    /// holds it once it must, and that the month's bundle, if there is one, counts it. Throws <see cref="ProofException"/>.
    /// </summary>
    /// <param name="logKey">The log's key, from somewhere trusted; null takes the certificate's word for whose log it is.</param>
    /// <param name="log">The log as it is now; null leaves open what only the log shows.</param>
    /// <param name="months">Months that were run again from their bundles.</param>
    /// <param name="now">What time it is.</param>
    public CanaryCheck Check(PublicKey? logKey, LogReader? log, IReadOnlyList<AuditedPeriod> months, DateTimeOffset now)
    {
        if (Receipt.Length == 0)
            throw new ProofException(ProofCheck.Inclusion, $"The host gave no receipt for what '{Model}' was asked at {AskedAt:u}.");
        var bytes = System.Text.Encoding.UTF8.GetBytes(Receipt);
        var verification = ProofVerifier.Verify(bytes, logKey, log, [], now);
        var receipt = ProofFormat.ReadReceipt(ReceiptProof.Parse(ProofFormat.ParseObject(bytes, "receipt")).Canonical);
        ProofChecks.All.Demand(
            ProofCheck.View, receipt.Model == Model, $"{receipt.Id} is of the model '{receipt.Model}', and '{Model}' was asked at {AskedAt:u}.");
        var (prompt, generated) = (receipt.Counts.Prompt + receipt.Counts.Cached, receipt.Counts.Generated);
        ProofChecks.All.Demand(
            ProofCheck.View, (prompt, generated) == (PromptTokens, GeneratedTokens),
            $"{receipt.Id} counts {prompt} and {generated} tokens, and the answer had {PromptTokens} and {GeneratedTokens}.");
        var counted = months.Where(month => month.Period == receipt.Period).Select(month => month.DemandCounted(bytes, logKey)).ToList();
        return new(
            receipt.Id, receipt.Period, [.. verification.Proven, .. counted.SelectMany(one => one.Proven)],
            [.. verification.NotProven, .. counted.SelectMany(one => one.NotProven)]);
    }
}

/// <summary>What was found of a canary's request that was counted.</summary>
/// <param name="ReceiptId">Its receipt; two requests never have the same.</param>
/// <param name="Period">The month it counts in.</param>
/// <param name="Proven">What was proven.</param>
/// <param name="NotProven">What was not.</param>
public sealed record CanaryCheck(string ReceiptId, Period Period, IReadOnlyList<string> Proven, IReadOnlyList<string> NotProven);
