using Ayni.Ledger;

namespace Ayni.Tests;

/// <summary>Agreements that everybody has accepted.</summary>
internal static class Agreed
{
    /// <summary>Enters shares that all their parties have accepted. Returns the version in force.</summary>
    public static async Task<Agreement> AgreeAsync(
        this Books books, string? model, IReadOnlyList<Share> shares, DateTimeOffset? effectiveFrom = null)
    {
        var document = await books.SetAgreementAsync(model, shares, effectiveFrom, HeldAcceptances.OfAll("a contract"));
        return books.ListAgreements().Single(agreement => agreement.Version == document.Version);
    }

    /// <summary>Enters a document that all its parties have accepted.</summary>
    public static Task<AgreementDocument> EnterAgreedAsync(this Books books, string path, string text, Func<string, byte[]>? readManifest = null) =>
        books.EnterAgreementAsync(path, text, readManifest, HeldAcceptances.OfAll("a contract"));
}
