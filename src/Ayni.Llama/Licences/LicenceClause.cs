using System.Text.Json.Serialization;

namespace Ayni.Llama;

/// <summary>What a clause of a licence asks, as far as a program can tell whether it is met.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LicenceRule>))]
public enum LicenceRule
{
    /// <summary>Nobody may be charged.</summary>
    [JsonStringEnumMemberName("research_only")]
    ResearchOnly,

    /// <summary>No other model may learn from it or its answers.</summary>
    [JsonStringEnumMemberName("no_training_of_others")]
    NoTrainingOfOthers,

    /// <summary>A line is shown prominently: <see cref="LicenceClause.Value"/>.</summary>
    [JsonStringEnumMemberName("attribution")]
    Attribution,

    /// <summary>Names of models made with it begin with a word: <see cref="LicenceClause.Value"/>.</summary>
    [JsonStringEnumMemberName("naming")]
    Naming,

    /// <summary>Copies come with the licence.</summary>
    [JsonStringEnumMemberName("copy")]
    Copy,

    /// <summary>Copies come with a line: <see cref="LicenceClause.Value"/>.</summary>
    [JsonStringEnumMemberName("notice")]
    Notice,

    /// <summary>A policy holds, at the address <see cref="LicenceClause.Value"/>.</summary>
    [JsonStringEnumMemberName("acceptable_use")]
    AcceptableUse,

    /// <summary>Multimodal models are not for whoever is at home in some countries: <see cref="LicenceClause.Territories"/>.</summary>
    [JsonStringEnumMemberName("territory")]
    Territory,

    /// <summary>Above so many monthly users before the release another licence is needed: <see cref="LicenceClause.Value"/>.</summary>
    [JsonStringEnumMemberName("monthly_users")]
    MonthlyUsers,
}

/// <summary>A clause of a licence, in our words: what it asks, not how it says it. The licence itself governs.</summary>
/// <param name="Number">Where it stands, such as <c>1.b.i</c>.</param>
/// <param name="Rule">What kind of thing it asks.</param>
/// <param name="Text">What it asks.</param>
/// <param name="Value">The line, the word, the address or the number it is about, if any.</param>
/// <param name="Territories">ISO 3166 codes of the countries it is about.</param>
public sealed record LicenceClause(
    string Number, LicenceRule Rule, string Text, string? Value = null, IReadOnlyList<string>? Territories = null);
