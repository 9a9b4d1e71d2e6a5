namespace Ayni.Ledger;

/// <summary>
/// What a key, a customer or an app may use, all its requests together; null where nothing bounds it. A customer's spending limit, which
/// bounds its unpaid charges, is apart from these.
/// </summary>
/// <param name="SubjectId">The key, customer or app.</param>
/// <param name="PerDay">What its requests of one day of the ledger's zone may cost.</param>
/// <param name="PerMonth">What its requests of one month of the ledger's zone may cost.</param>
/// <param name="RequestsPerMinute">Requests let in within any sixty seconds.</param>
/// <param name="TokensPerMinute">Tokens let in within any sixty seconds: prompts, and what the answers may come to until they end.</param>
public sealed record Limits(
    string SubjectId, Amount? PerDay = null, Amount? PerMonth = null, long? RequestsPerMinute = null, long? TokensPerMinute = null)
{
    /// <summary>The currency of its money; requests charged in another are refused.</summary>
    public Currency? Currency => PerDay?.Currency ?? PerMonth?.Currency;

    /// <summary>Whether a day's or month's money is bounded.</summary>
    internal bool BoundsMoney => Currency is not null;

    /// <summary>Whether a minute is bounded.</summary>
    internal bool BoundsRates => RequestsPerMinute is not null || TokensPerMinute is not null;

    /// <summary>Whether anything is bounded.</summary>
    internal bool BoundAnything => BoundsMoney || BoundsRates;
}
