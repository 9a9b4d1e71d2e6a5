using System.Text;

namespace Ayni.Ledger;

/// <summary>What may be a name, a label or an id from outside.</summary>
internal static class Text
{
    /// <summary>UTF-16 units of the longest text; at most three bytes each in UTF-8.</summary>
    public const int Longest = 200;

    /// <summary>Returns the text if it has 1 to so many characters, none of them a control character or half a surrogate pair.</summary>
    public static string Demand(string? text, string what, int longest = Longest)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > longest)
            throw new LedgerRefusedException(Refusal.InvalidText, $"A {what} has 1 to {longest} characters.");
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var consumed) != System.Buffers.OperationStatus.Done || Rune.IsControl(rune))
                throw new LedgerRefusedException(Refusal.InvalidText, $"A {what} holds no control characters and no broken ones.");
            rest = rest[consumed..];
        }
        return text;
    }
}
