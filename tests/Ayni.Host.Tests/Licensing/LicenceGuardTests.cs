using Ayni.Llama;

namespace Ayni.Host.Tests;

/// <summary>Each clause against each deployment that meets, breaks or leaves it open.</summary>
public sealed class LicenceGuardTests
{
    private static readonly Deployment Free = new("model", IsPriced: false, IsTuned: false, null, null, null);

    [Theory]
    [InlineData("llama1", true, "refused")]
    [InlineData("llama1", false, "met")]
    public void Research_only_is_for_free(string licence, bool isPriced, string status) =>
        Assert.Equal(status, StatusOf(licence, "research_only", Free with { IsPriced = isPriced }));

    [Theory]
    [InlineData("llama3.1", null, "warned")]
    [InlineData("llama3.1", "https://example.org/about", "met")]
    public void A_line_is_shown_somewhere(string licence, string? place, string status) =>
        Assert.Equal(status, StatusOf(licence, "attribution", Free with { AttributionAt = place }));

    [Theory]
    [InlineData("llama3.1", "Llama-poet", true, "met")]
    [InlineData("llama3.1", "llama poet", true, "met")]
    [InlineData("llama3.1", "Meta-Llama-3.1-8B", false, "met")]
    [InlineData("llama3.1", "poet", true, "warned")]
    [InlineData("llama3.1", "poet", false, "told")]
    [InlineData("llama3", "Llama-3-poet", true, "met")]
    [InlineData("llama3", "Llama-poet", true, "warned")]
    public void A_tuned_models_name_begins_with_the_word(string licence, string model, bool isTuned, string status) =>
        Assert.Equal(status, StatusOf(licence, "naming", Free with { Model = model, IsTuned = isTuned }));

    [Theory]
    [InlineData("llama4", true, null, "warned")]
    [InlineData("llama4", true, "EU", "refused")]
    [InlineData("llama4", true, "fr", "refused")]
    [InlineData("llama4", true, "CH", "met")]
    [InlineData("llama4", true, "GB", "met")]
    [InlineData("llama3.2", false, "DE", "met")]
    [InlineData("llama3.2", true, "DE", "refused")]
    public void Multimodal_models_are_not_for_the_European_Union(string licence, bool isMultimodal, string? territory, string status) =>
        Assert.Equal(status, StatusOf(licence, "territory", Free with { Territory = territory }, isMultimodal));

    [Theory]
    [InlineData("llama2", null, "warned")]
    [InlineData("llama2", true, "met")]
    [InlineData("llama4", false, "refused")]
    public void Whoever_had_more_users_needs_another_licence(string licence, bool? wasBelow, string status) =>
        Assert.Equal(status, StatusOf(licence, "monthly_users", Free with { WasBelowLimit = wasBelow }));

    [Fact]
    public void Every_clause_of_every_licence_has_a_finding_with_its_number()
    {
        foreach (var licence in Licence.All)
        {
            var findings = LicenceGuard.Check(Of(licence.Id, isMultimodal: true), Free);
            Assert.Equal(licence.Clauses.Select(clause => clause.Number), findings.Select(finding => finding.Clause));
            Assert.Equal(findings.Length, findings.Select(finding => finding.Rule).Distinct().Count());
        }
    }

    [Fact]
    public void Of_another_licence_nothing_is_claimed()
    {
        var named = Assert.Single(LicenceGuard.Check(new("apache-2.0", null, "x", false, []), Free with { IsPriced = true }));
        Assert.Equal(("unknown_licence", ClauseStatus.Told), (named.Rule, named.Status));
        Assert.Contains("--licence", Assert.Single(LicenceGuard.Check(new(null, null, "x", false, []), Free)).Text, StringComparison.Ordinal);
    }

    private static string StatusOf(string licence, string rule, Deployment deployment, bool isMultimodal = false) =>
        LicenceGuard.Check(Of(licence, isMultimodal), deployment).Single(finding => finding.Rule == rule).Status.ToString().ToLowerInvariant();

    private static ModelLicence Of(string licence, bool isMultimodal) => new(licence, Licence.Find(licence), "test", isMultimodal, []);
}
