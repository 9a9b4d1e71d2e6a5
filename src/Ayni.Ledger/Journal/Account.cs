using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>
/// An account of the journal, known by its name. The names are the whole chart of accounts:
/// <c>customer:ID:receivable</c> (what a customer owes), <c>customer:ID:credit</c> (what it has paid for and not used yet), <c>revenue:PERIOD:MODEL</c> (earned in a month and not shared out yet),
/// <c>party:ID:carry</c> (a party's earnings below a payable coin) and <c>party:ID:payable</c> (what it is to be paid).
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
    public static Account Credit(string customerId) => new($"customer:{customerId}:credit");

    /// <summary>A party's earnings that are less than a payable coin, kept for the next close.</summary>
    public static Account Carry(string partyId) => new($"party:{partyId}:carry");

    /// <summary>What a party is to be paid.</summary>
    public static Account Payable(string partyId) => new($"party:{partyId}:payable");

    /// <summary>The party whose carry this is, if it is one.</summary>
    internal string? CarryPartyId =>
        Name.StartsWith("party:", StringComparison.Ordinal) && Name.EndsWith(":carry", StringComparison.Ordinal) ? Name[6..^6] : null;

    /// <summary>The name.</summary>
    public override string ToString() => Name;
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
