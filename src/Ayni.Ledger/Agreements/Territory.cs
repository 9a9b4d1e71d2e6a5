namespace Ayni.Ledger;

/// <summary>Countries as agreements and customers name them.</summary>
internal static class Territory
{
    /// <summary>Whether a text has the form of a code of ISO 3166-1: two capital letters.</summary>
    public static bool IsCode(string text) => text is [>= 'A' and <= 'Z', >= 'A' and <= 'Z'];
}
