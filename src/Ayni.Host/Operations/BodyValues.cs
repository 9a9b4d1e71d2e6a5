using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>Reads what bodies hold as text. Each throws <see cref="ApiException"/> (400) that names the field.</summary>
internal static class BodyValues
{
    public static Currency Currency(string field, string text) =>
        Receipts.Currency.TryParse(text, out var currency)
            ? currency
            : throw ApiException.BadField(field, "must be an ISO 4217 code in capital letters, such as EUR.");

    public static Amount Amount(string field, string text, Currency currency) =>
        Receipts.Amount.TryParse(text, currency, out var amount)
            ? amount
            : throw ApiException.BadField(
                field, FormattableString.Invariant(
                    $"must be an exact decimal with at most {Receipts.Amount.Decimals} decimals after a point, such as \"12.34\", up to {Receipts.Amount.LargestEntered}."));

    public static Amount? AmountOrNull(string field, string? text, Currency currency) =>
        text is null ? null : Amount(field, text, currency);

    /// <summary>An instant, or a day for its first instant in the ledger's zone; null where it is absent.</summary>
    public static DateTimeOffset? Instant(string field, string? text, LedgerZone zone)
    {
        if (text is null)
            return null;
        return zone.TryParseStart(text, out var instant)
            ? instant
            : throw ApiException.BadField(field, $"must be {CalendarText.Expected}.");
    }

    /// <summary>An instant, or a day for its last instant in the ledger's zone.</summary>
    public static DateTimeOffset End(string field, string text, LedgerZone zone) =>
        zone.TryParseEnd(text, out var instant)
            ? instant
            : throw ApiException.BadField(field, $"must be {CalendarText.Expected}.");

    public static DateOnly Day(string field, string text) =>
        CalendarText.TryParseDay(text, out var day)
            ? day
            : throw ApiException.BadField(field, "must be a day, such as 2026-12-01.");

    /// <summary>A month; null where it is absent.</summary>
    public static Period? Period(string field, string? text)
    {
        if (text is null)
            return null;
        return Receipts.Period.TryParse(text, out var period)
            ? period
            : throw ApiException.BadField(field, "must be a month such as 2026-12.");
    }

    public static DeductionType DeductionType(string field, string text) =>
        DeductionTypeNames.TryParse(text, out var type)
            ? type
            : throw ApiException.BadField(
                field, $"must be one of {string.Join(", ", Enum.GetValues<DeductionType>().Select(known => known.Name()))}.");

    public static Role Role(string field, string text) =>
        RoleNames.TryParse(text, out var role)
            ? role
            : throw ApiException.BadField(
                field, $"must be one of {string.Join(", ", Enum.GetValues<Role>().Select(known => known.Name()))}.");

    public static KeyRole KeyRole(string field, string text) =>
        KeyRoleNames.TryParse(text, out var role)
            ? role
            : throw ApiException.BadField(
                field, $"must be one of {string.Join(", ", Enum.GetValues<KeyRole>().Select(known => known.Name()))}.");
}
