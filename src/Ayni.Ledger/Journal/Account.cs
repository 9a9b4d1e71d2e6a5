using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// An account of the journal, known by its name: <c>customer:ID:receivable</c> (what a customer owes),
/// <c>deferred:ID</c> (what it has paid for and not used yet),
/// <c>revenue:PERIOD:MODEL</c> (earned in a month and not shared out yet), <c>party:ID:carry</c> (a party's earnings below a payable coin),
/// <c>party:ID:payable</c> (what it is to be paid), and those of the money that moves. <see cref="AccountCode"/> gives each a code.
/// </summary>
[JsonConverter(typeof(AccountJsonConverter))]
public readonly record struct Account
{
    internal Account(string name) => Name = name;

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>What a customer owes.</summary>
    public static Account Receivable(string customerId) => new($"customer:{customerId}:receivable");

    /// <summary>What a model earned in a month, until the month's close shares it out.</summary>
    public static Account Revenue(Period period, string model) => new($"revenue:{period}:{model}");

    /// <summary>What a customer has paid for in advance and not used yet: deferred revenue.</summary>
    public static Account Deferred(string customerId) => new($"deferred:{customerId}");

    /// <summary>
    /// What is held in customers' currency that was converted from a price's: what it is worth in the one, debit, and in the other, credit.
    /// </summary>
    public static Account Position(Currency from, Currency to) => new($"position:{from}:{to}");

    /// <summary>What exchanging customers' currency at a bank gained or lost.</summary>
    public static Account ExchangeGain(Currency from, Currency to) => new($"exchange:{from}:{to}");

    /// <summary>A party's earnings that are less than a payable coin, kept for the next close.</summary>
    public static Account Carry(string partyId) => new($"party:{partyId}:carry");

    /// <summary>What a party is to be paid.</summary>
    public static Account Payable(string partyId) => new($"party:{partyId}:payable");

    /// <summary>Money in the bank.</summary>
    public static Account Bank { get; } = new("bank");

    /// <summary>Payouts that were ordered and that the bank has not confirmed yet.</summary>
    public static Account BankTransit { get; } = new("bank:transit");

    /// <summary>What rounding invoices to coins has gained or lost.</summary>
    public static Account Rounding { get; } = new("rounding");

    /// <summary>Where balances from before this ledger come from.</summary>
    public static Account Opening { get; } = new("opening");

    /// <summary>Claims given up.</summary>
    public static Account BadDebts { get; } = new("bad-debts");

    /// <summary>A tax charged to customers and owed to the authority.</summary>
    public static Account OutputTax(string name) => new($"tax:output:{name}");

    /// <summary>A tax paid to parties, to be claimed back.</summary>
    public static Account InputTax(string name) => new($"tax:input:{name}");

    /// <summary>A tax kept back from what parties are paid and owed to the authority.</summary>
    public static Account WithheldTax(string name) => new($"tax:withheld:{name}");

    /// <summary>The party whose carry this is, if it is one.</summary>
    internal string? CarryPartyId => Between("party:", ":carry");

    /// <summary>The party whose payable this is, if it is one.</summary>
    internal string? PayablePartyId => Between("party:", ":payable");

    /// <summary>The customer whose receivable this is, if it is one.</summary>
    internal string? ReceivableCustomerId => Between("customer:", ":receivable");

    /// <summary>The model whose revenue of a month this is, if it is one.</summary>
    internal string? RevenueModel =>
        Between("revenue:", "") is { Length: > 8 } rest && rest[7] == ':' ? rest[8..] : null;

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private string? Between(string start, string end) =>
        Name.Length > start.Length + end.Length && Name.StartsWith(start, StringComparison.Ordinal) && Name.EndsWith(end, StringComparison.Ordinal)
            ? Name[start.Length..^end.Length]
            : null;
}

/// <summary>Writes an account as its name.</summary>
internal sealed class AccountJsonConverter : JsonConverter<Account>
{
    public override Account Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, Account value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}

/// <summary>What an account has come to.</summary>
/// <param name="Account">The account.</param>
/// <param name="Debits">Everything posted on its debit side.</param>
/// <param name="Credits">Everything posted on its credit side.</param>
public sealed record Balance(Account Account, Amount Debits, Amount Credits)
{
    /// <summary>Debits less credits: positive is owed to the host, negative the host owes.</summary>
    public Amount Net => Debits - Credits;

    /// <summary>The account's currency; an account has one balance in each.</summary>
    public Currency Currency => Debits.Currency;
}
