using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>How a clause of a model's licence stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClauseStatus>))]
internal enum ClauseStatus
{
    /// <summary>It is broken: the model is not served.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>It may be broken, or nobody has said that it is met.</summary>
    [JsonStringEnumMemberName("warned")]
    Warned,

    /// <summary>It is met, by what is known here.</summary>
    [JsonStringEnumMemberName("met")]
    Met,

    /// <summary>A program can't tell; people must know of it.</summary>
    [JsonStringEnumMemberName("told")]
    Told,
}

/// <summary>A clause and how it stands.</summary>
/// <param name="Rule">The clause's name, such as <c>research_only</c>.</param>
/// <param name="Clause">Where it stands in the licence; null where the licence is not one of Llama's.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Text">What it asks, and why it stands so.</param>
internal sealed record LicenceFinding(string Rule, string? Clause, ClauseStatus Status, string Text);

/// <summary>What is known of how a model is offered.</summary>
/// <param name="Model">The name clients call it by.</param>
/// <param name="IsPriced">Whether anybody may be charged real money for it.</param>
/// <param name="IsTuned">Whether it was made from another model, or an adapter changes it.</param>
/// <param name="Territory">The ISO 3166 code of the operator's home, or EU; null if it has not said.</param>
/// <param name="AttributionAt">Where the line that the licence asks for is shown; null if the operator has not said.</param>
/// <param name="WasBelowLimit">What the operator attests of its users before the release; null if nothing.</param>
internal sealed record Deployment(
    string Model, bool IsPriced, bool IsTuned, string? Territory, string? AttributionAt, bool? WasBelowLimit);

/// <summary>
/// Holds a deployment against its model's licence, clause by clause. A pure function of what is known; it neither advises nor decides what
/// the law is.
/// </summary>
internal static class LicenceGuard
{
    /// <summary>Every clause, in the licence's order.</summary>
    public static ImmutableArray<LicenceFinding> Check(ModelLicence licence, Deployment deployment)
    {
        if (licence.Terms is { } terms)
            return [.. terms.Clauses.Select(clause => Check(clause, terms, licence, deployment))];
        return
        [
            new(
                "unknown_licence", null, ClauseStatus.Told,
                licence.Name is { } name
                    ? $"The licence is '{name}' ({licence.Evidence}), which is none of Llama's; nothing is checked."
                    : $"Nothing says which licence the model is under ({licence.Evidence}). If you know, state it with --licence NAME."),
        ];
    }

    private static LicenceFinding Check(LicenceClause clause, Licence terms, ModelLicence licence, Deployment deployment)
    {
        var (status, reason) = clause.Rule switch
        {
            LicenceRule.ResearchOnly => deployment.IsPriced
                ? (ClauseStatus.Refused, $"'{deployment.Model}' has a price. Set it to zero with: ayni price set {deployment.Model} --input 0 --output 0")
                : (ClauseStatus.Met, "Nobody is charged."),
            LicenceRule.Attribution => deployment.AttributionAt is { } place
                ? (ClauseStatus.Met, $"The line is \"{clause.Value}\"; by your word it is at {place}.")
                : (ClauseStatus.Warned, $"The line is \"{clause.Value}\". Show it, and say where with --attribution-at ADDRESS."),
            LicenceRule.Naming => CheckName(clause, deployment),
            LicenceRule.Territory => CheckTerritory(clause, licence, deployment),
            LicenceRule.MonthlyUsers => deployment.WasBelowLimit switch
            {
                true => (ClauseStatus.Met, "You attested that you had no more."),
                false => (ClauseStatus.Refused, "You attested that you had more. With a licence of your own from Meta, state that one with --licence NAME."),
                null => (ClauseStatus.Warned, $"Nobody has attested how many there were; do it with: ayni ledger attest {terms.Id} --users below --statement TEXT"),
            },
            LicenceRule.Notice => (ClauseStatus.Told, $"The line is \"{clause.Value}\""),
            LicenceRule.AcceptableUse => (ClauseStatus.Told, $"The policy is at {clause.Value}"),
            LicenceRule.NoTrainingOfOthers => (ClauseStatus.Told, "Tell your customers. 'ayni tune' refuses sources that name such a model in generated_by."),
            LicenceRule.Copy => (ClauseStatus.Told, $"The licence is at {terms.Address}"),
            _ => throw new ArgumentOutOfRangeException(nameof(clause)),
        };
        return new(NameOf(clause.Rule), clause.Number, status, $"{clause.Text} {reason}");
    }

    /// <summary>Meta's own names begin with Meta-Llama, too.</summary>
    private static (ClauseStatus Status, string Reason) CheckName(LicenceClause clause, Deployment deployment)
    {
        var word = clause.Value!.Replace(' ', '-');
        var name = deployment.Model.Replace(' ', '-');
        if (name.StartsWith(word, StringComparison.OrdinalIgnoreCase) || name.StartsWith($"Meta-{word}", StringComparison.OrdinalIgnoreCase))
            return (ClauseStatus.Met, $"'{deployment.Model}' does.");
        return deployment.IsTuned
            ? (ClauseStatus.Warned, $"'{deployment.Model}' does not begin with \"{clause.Value}\"; offer it under a name that does.")
            : (ClauseStatus.Told, $"The word is \"{clause.Value}\". Nothing says that '{deployment.Model}' was made from another model.");
    }

    private static (ClauseStatus Status, string Reason) CheckTerritory(LicenceClause clause, ModelLicence licence, Deployment deployment)
    {
        if (!licence.IsMultimodal)
            return (ClauseStatus.Met, "This is none of the multimodal models.");
        return deployment.Territory?.ToUpperInvariant() switch
        {
            null => (ClauseStatus.Warned, "This is a multimodal model. Say where you are at home with --territory CODE."),
            "EU" => (ClauseStatus.Refused, "This is a multimodal model, and you are at home in the European Union."),
            var home when clause.Territories!.Contains(home) =>
                (ClauseStatus.Refused, $"This is a multimodal model, and you are at home in {home}, which is in the European Union."),
            var home => (ClauseStatus.Met, $"You are at home in {home}."),
        };
    }

    private static string NameOf(LicenceRule rule) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(rule.ToString());
}

/// <summary>A deployment breaks its model's licence: the model is not served.</summary>
public sealed class LicenceRefusedException : Exception
{
    internal LicenceRefusedException(string licence, IEnumerable<LicenceFinding> broken)
        : base(string.Create(CultureInfo.InvariantCulture, $"The licence {licence} does not allow this: ")
            + string.Join(" ", broken.Select(finding => $"[{finding.Rule}, {finding.Clause}] {finding.Text}")))
    {
    }
}
