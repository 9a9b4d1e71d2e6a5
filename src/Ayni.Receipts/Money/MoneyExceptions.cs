using System.Globalization;

namespace Ayni.Receipts;

/// <summary>Two currencies met where one was expected.</summary>
public sealed class CurrencyMismatchException(Currency expected, Currency found)
    : LedgerException($"An amount in {found} stands where one in {expected} is expected; two currencies are never added or compared.");

/// <summary>A currency code that is not in ISO 4217.</summary>
public sealed class UnknownCurrencyException(string? code)
    : LedgerException($"'{code}' is no currency; give its ISO 4217 code in capital letters, such as EUR.");

/// <summary>A text that is no exact decimal amount.</summary>
public sealed class AmountFormatException(string? text)
    : LedgerException(string.Create(
        CultureInfo.InvariantCulture,
        $"'{text}' is no amount; write digits with at most {Amount.Decimals} decimals after a point, such as 12.34, up to {Amount.LargestEntered}."));
