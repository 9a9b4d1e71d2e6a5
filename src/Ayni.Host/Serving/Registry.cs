using Ayni.Ledger;
using Microsoft.Extensions.Logging;

namespace Ayni.Host;

/// <summary>
/// Enters into the ledger what serving a model needs and nobody has entered yet: who hosts and who owns, a customer with a key, a price, an
/// agreement. Each is looked for on its own, so a start that was killed halfway is completed by the next, and nothing an operator entered
/// or revoked is touched.
/// </summary>
internal static class Registry
{
    /// <summary>Completes the ledger for a model. Returns the first key if this start issued it.</summary>
    public static async Task<IssuedKey?> CompleteAsync(
        Books books, string model, string owner, StartingTerms terms, bool mayIssueKey, ILogger logger, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var price = books.FindPrice(model);
        if (price is null)
        {
            price = await books.SetPriceAsync(
                model,
                terms.InputPerMillion.Currency,
                terms.InputPerMillion,
                terms.OutputPerMillion,
                cancellationToken: cancellationToken).ConfigureAwait(false);
            logger.PriceEntered(model, price.InputPerMillion, price.OutputPerMillion);
        }

        // One that begins later does not count: until then nobody would know who earns what.
        if (!books.ListAgreements().Any(agreement => (agreement.Model is null || agreement.Model == model) && agreement.EffectiveFrom <= now))
        {
            var agreement = await AgreeAsync(books, model, owner, terms, cancellationToken).ConfigureAwait(false);
            logger.AgreementEntered(model, agreement.Version!.Value);
        }

        return mayIssueKey && books.ListKeys().All(key => key.Role != KeyRole.Customer)
            ? await IssueFirstKeyAsync(books, price.Currency, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>
    /// Until others have accepted another agreement, the host promises a part to whoever's app asks and keeps the rest. Who starts it
    /// accepts that.
    /// </summary>
    private static async Task<AgreementDocument> AgreeAsync(
        Books books, string model, string owner, StartingTerms terms, CancellationToken cancellationToken)
    {
        var host = await FindOrCreateAsync(books, Role.Host, "Host", _ => true, cancellationToken).ConfigureAwait(false);
        _ = await FindOrCreateAsync(books, Role.Licensor, owner, party => party.Name == owner, cancellationToken).ConfigureAwait(false);
        return await books.SetAgreementAsync(
            model, [Share.Of(host.Id, terms.HostParts), Share.Of(Role.Developer, terms.DeveloperParts)],
            held: HeldAcceptances.OfAll("the host's first start"), cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Party> FindOrCreateAsync(
        Books books, Role role, string name, Func<Party, bool> fits, CancellationToken cancellationToken) =>
        books.ListParties().FirstOrDefault(party => party.Role == role && party.Revoked is null && fits(party))
        ?? await books.CreatePartyAsync(name, role, cancellationToken).ConfigureAwait(false);

    private static async Task<IssuedKey> IssueFirstKeyAsync(Books books, Currency currency, CancellationToken cancellationToken)
    {
        var customer = books.ListCustomers().FirstOrDefault(customer => customer.Revoked is null && customer.Currency == currency)
            ?? await books.CreateCustomerAsync("default", currency, cancellationToken: cancellationToken).ConfigureAwait(false);
        return await books.IssueDemoKeyAsync(customer.Id, cancellationToken).ConfigureAwait(false);
    }
}
