using System.Collections.Immutable;
using Ayni.Ledger;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>
/// Finds what the guard must know of this host's deployment: the model's file, the ledger's prices and attestations, the options.
/// </summary>
internal sealed class LicenceKeeper(HostOptions options, Books books, TimeProvider clock)
{
    /// <summary>The licence of a model: as stated in the options, or as its file says.</summary>
    public ModelLicence LicenceOf(LlamaModel model)
    {
        var found = ModelLicence.Of(model.Metadata);
        return options.Licence is { } stated ? found.As(stated) : found;
    }

    /// <summary>How each clause stands now.</summary>
    public ImmutableArray<LicenceFinding> Check(ServedModel model)
    {
        var licence = model.Licence;
        return LicenceGuard.Check(licence, new(
            model.Name,
            IsPriced(model.Name),
            licence.Parents.Count > 0 || model.Adapter is not null,
            options.Territory,
            options.AttributionAt,
            licence.Terms is { } terms ? books.FindAttestation(Attestation.MonthlyUsers(terms.Id))?.IsAffirmed : null));
    }

    /// <summary>Throws <see cref="LicenceRefusedException"/> if a clause is broken. Returns the clauses that may be.</summary>
    public ImmutableArray<LicenceFinding> Demand(ServedModel model)
    {
        var findings = Check(model);
        var broken = findings.Where(finding => finding.Status == ClauseStatus.Refused).ToArray();
        return broken.Length == 0
            ? [.. findings.Where(finding => finding.Status == ClauseStatus.Warned)]
            : throw new LicenceRefusedException(model.Licence.Name!, broken);
    }

    /// <summary>
    /// Throws <see cref="ApiException"/> (403) for a model that nobody may be charged for and that has been given a price since.
    /// </summary>
    public void DemandFree(ServedModel model)
    {
        if (model.Licence.Terms?.Find(LicenceRule.ResearchOnly) is { } clause && IsPriced(model.Name))
            throw ApiException.NotAdmitted($"{clause.Text} The operator has set a price.", "licence_research_only");
    }

    /// <summary>
    /// Whether anybody may be charged real money for a model by a price in force, or by the one that a first start would set.
    /// </summary>
    public bool IsPriced(string model)
    {
        var now = clock.GetUtcNow();
        var inForce = books.ListPrices().Where(price => price.Model == model && price.EffectiveFrom <= now).GroupBy(price => price.Plan.Name)
            .Select(versions => versions.OrderBy(price => price.EffectiveFrom).ThenBy(price => price.Version).Last()).ToArray();
        return inForce.Length == 0
            ? (options.StartingTerms.InputPerMillion.Sign, options.StartingTerms.OutputPerMillion.Sign) != (0, 0)
            : inForce.Any(IsCharged);
    }

    private static bool IsCharged(Price price)
    {
        const long Many = 1_000_000;
        var plan = price.Plan;
        return !price.Currency.IsTest
            && (plan.Minimum.Sign > 0 || plan.Fee.Sign > 0 || plan.Adapters.Any(adapter => price.Highest(new(Many, 0, Many), adapter.Name).Sign > 0)
                || price.Highest(new(Many, Many, Many)).Sign > 0);
    }
}
