using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger;

/// <summary>
/// The items of a period's lists, each in an order of its own: keys' tails in their own bytes, all else as canonical JSON.
/// </summary>
internal static class PeriodLists
{
    /// <summary>Every list in the order of <see cref="PeriodListName"/>.</summary>
    public static ImmutableArray<IReadOnlyList<byte[]>> Of(Session session, Period period, IReadOnlyList<KeyTail> tails, NamedInPeriod named)
    {
        var settlement = Settlement.Of(session, period);
        var input = settlement.Input;
        named.Apps.UnionWith(input.Lines.Select(line => line.Line.Group.AppId).OfType<string>());
        var zone = LedgerRows.Zone(session);
        var end = zone.StartOf(period.Next);
        var statements = RegistryRows.Parties(session).OrderBy(party => party.Id, StringComparer.Ordinal)
            .Select(party => settlement.StatementOf(party, Books.BillingFor(session, period, party.Id), zone))
            .Where(statement => !statement.Totals.IsEmpty || !statement.Lines.IsEmpty || !statement.Shares.IsEmpty);
        return
        [
            [.. tails.Select(tail => tail.Encode())],
            Items(input.Lines, ProofItems.Default.NetLine),
            Items(input.Deductions, ProofItems.Default.Deduction),
            Splits(settlement),
            Totals(settlement),
            [
                .. input.Agreements.Values.Where(agreement => agreement.EffectiveFrom < end).OrderBy(agreement => agreement.Version)
                    .Select(agreement => AgreementItem.Of(agreement).Encode()),
            ],
            Items(statements, LedgerJson.Default.Statement),
            Items(CollectionList.Of(session, period), ProofItems.Default.CollectedRevenue),
            Items(
                AgreementRows.CarriesBefore(session, period).Select(carry => new CarriedItem(carry.Key, carry.Month, carry.Carry)),
                ProofItems.Default.CarriedItem),
            Items(PeriodFacts.Of(session, period, named), ProofItems.Default.FactItem),
        ];
    }

    /// <summary>What a settlement gives whom.</summary>
    public static IReadOnlyList<byte[]> Splits(Settlement settlement) =>
    [
        .. Items(settlement.Shares.Select(pair => new SplitItem(pair.Line.Line.Group, pair.Share)), ProofItems.Default.SplitItem),
        .. Items(settlement.Results, ProofItems.Default.AgreementResult),
    ];

    /// <summary>What a settlement comes to for everybody.</summary>
    public static IReadOnlyList<byte[]> Totals(Settlement settlement) => Items(settlement.Totals, ProofItems.Default.PartyTotal);

    private static IReadOnlyList<byte[]> Items<T>(IEnumerable<T> items, JsonTypeInfo<T> type) =>
        [.. items.Select(item => JsonSerializer.SerializeToUtf8Bytes(item, type))];
}

/// <summary>
/// A version of an agreement as a list and the log have it: its terms, and who accepted them and how. When it was entered is not in it.
/// </summary>
/// <param name="Version">Its number.</param>
/// <param name="Model">The model it is about; null for every other.</param>
/// <param name="Shares">Who earns what, if there is no document.</param>
/// <param name="WithoutAppPartyId">Who earns a developer's share without an app.</param>
/// <param name="EffectiveFrom">From when on.</param>
/// <param name="Document">The document's number, if there is one.</param>
/// <param name="Text">Its canonical text.</param>
/// <param name="Accepted">Who accepted the document.</param>
internal sealed record AgreementItem(
    long Version, string? Model, ImmutableArray<Share> Shares, string? WithoutAppPartyId, DateTimeOffset EffectiveFrom, long? Document,
    string? Text, IReadOnlyList<AcceptedItem>? Accepted)
{
    public static AgreementItem Of(Agreement agreement) => new(
        agreement.Version, agreement.Model, agreement.Document is null ? agreement.Shares : [],
        agreement.Document is null ? agreement.WithoutAppPartyId : null, agreement.EffectiveFrom, agreement.Document?.Id, agreement.Document?.Text,
        agreement.Document?.Acceptances.Select(AcceptedItem.Of).ToArray());

    /// <summary>The agreement as an evaluation takes it.</summary>
    public Agreement ToAgreement() => Text is null
        ? new(Version, Model, Shares, WithoutAppPartyId, EffectiveFrom)
        : Agreement.Of(Version, new(0, new AgreementNote("", 0, Text).ReadTerms().Name, Text, EffectiveFrom, Version, []), EffectiveFrom);

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ProofItems.Default.AgreementItem);
}

/// <summary>
/// That a party accepted an agreement: by its key's signature, or by the word of whoever recorded it, and on what evidence.
/// </summary>
internal sealed record AcceptedItem(string Party, string? Key, string? Signature, string? Evidence = null, string? RecordedBy = null)
{
    public static AcceptedItem Of(Acceptance one) =>
        // What was recorded before it was kept by whom stands in the log without its evidence.
        new(one.PartyId, one.Key, one.Signature, one.RecordedBy is null ? null : one.Evidence, one.RecordedBy);
}

/// <summary>A party's part of a line as a list has it.</summary>
internal sealed record SplitItem(RevenueGroup Group, PartyShare Share);

/// <summary>What an earlier close added to what is carried for a share.</summary>
internal sealed record CarriedItem(ShareKey Key, Period Month, ShareCarry Carry);

/// <summary>Adjustments as leaves of summation trees.</summary>
internal static class AdjustmentItem
{
    /// <summary>The leaf's id, in order of the adjustments' numbers.</summary>
    public static string IdOf(Adjustment adjustment) => FormattableString.Invariant($"adj_{adjustment.Number:D16}");

    public static SumTreeKind KindOf(Adjustment adjustment) => adjustment.Amount.Sign < 0 ? SumTreeKind.Reductions : SumTreeKind.Additions;

    public static byte[] Encode(Adjustment adjustment) => JsonSerializer.SerializeToUtf8Bytes(adjustment, ProofItems.Default.Adjustment);

    public static SumLeaf Leaf(Adjustment adjustment, Digest commitment) =>
        new(IdOf(adjustment), new(1, default, Int128.Abs(adjustment.Amount.Units)), commitment);
}

/// <summary>How items are written and read back: every amount with its currency, nothing that follows from something else.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(AmountItemConverter), typeof(CurrencyItemConverter), typeof(PeriodItemConverter), typeof(DigestItemConverter)])]
[JsonSerializable(typeof(NetLine))]
[JsonSerializable(typeof(Deduction))]
[JsonSerializable(typeof(CollectedRevenue))]
[JsonSerializable(typeof(AgreementItem))]
[JsonSerializable(typeof(SplitItem))]
[JsonSerializable(typeof(AgreementResult))]
[JsonSerializable(typeof(PartyTotal))]
[JsonSerializable(typeof(CarriedItem))]
[JsonSerializable(typeof(FactItem))]
[JsonSerializable(typeof(Adjustment))]
[JsonSerializable(typeof(Objection))]
internal sealed partial class ProofItems : JsonSerializerContext
{
    /// <summary>Reads an item. Throws <see cref="ProofException"/> for what is none.</summary>
    public static T Read<T>(ReadOnlySpan<byte> item, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(item, type) ?? throw new JsonException();
        }
        catch (Exception error) when (error is JsonException or LedgerException or FormatException or OverflowException or ArgumentException
            or InvalidOperationException or NullReferenceException)
        {
            throw new ProofException(ProofCheck.Format, $"An item of a list is no {typeof(T).Name}.");
        }
    }
}

/// <summary>An amount with its currency, such as <c>12.34 EUR</c>.</summary>
internal sealed class AmountItemConverter : JsonConverter<Amount>
{
    public override Amount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!.Split(' ') is [var number, var code] ? Amount.ParseStored(number, Currency.Parse(code)) : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, Amount value, JsonSerializerOptions options) =>
        writer.WriteStringValue($"{value.Format()} {value.Currency.Code}");
}

/// <summary>A currency's code.</summary>
internal sealed class CurrencyItemConverter : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Currency.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options) => writer.WriteStringValue(value.Code);
}

/// <summary>A month.</summary>
internal sealed class PeriodItemConverter : JsonConverter<Period>
{
    public override Period Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Period.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Period value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>A SHA-256 in hexadecimal.</summary>
internal sealed class DigestItemConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
