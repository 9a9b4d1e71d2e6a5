using System.Globalization;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>Verifies statements without a ledger. Pure.</summary>
internal static class StatementVerifier
{
    public static Verification Verify(JsonElement view, PublicKey? logKey, LogView? log, ProofChecks checks)
    {
        var proof = StatementProof.Parse(view);
        var statement = ProofFormat.ParseObject(proof.Statement.Item, "statement");
        checks.Demand(ProofCheck.View, ProofView.Equal(statement, view), "The statement shows something else than what was committed to.");
        var record = SignedRecord.Demand(proof.Record, proof.Signature, proof.Certificate, proof.Log, logKey, checks);
        proof.Statement.Demand(record[PeriodListName.Statements], "statement", checks);
        checks.Demand(
            ProofCheck.List, statement.TextField("period") == record.Period.ToString() && statement.TextField("status") == "final",
            "The statement is not the final one of the period.");
        var agreements = new Dictionary<long, AgreementItem>();
        foreach (var item in proof.Agreements)
        {
            item.Demand(record[PeriodListName.Agreements], "agreement", checks);
            var agreement = ProofItems.Read(item.Item, ProofItems.Default.AgreementItem);
            agreements[agreement.Version] = agreement;
        }
        var shared = CheckSums(statement, agreements, checks);
        var result = new VerificationBuilder();
        result.Prove(
            $"The statement of {statement.TextField("party_name")} ({statement.TextField("party_id")}) for {record.Period} is the one that "
            + $"{record.Origin} committed to and signed; its sums add up"
            + shared switch
            {
                0 => ".",
                1 => ", and its share of a line is what the agreement gives.",
                _ => $", and each of its {shared} shares of a line is what the agreement gives.",
            });
        foreach (var tree in record.Trees)
            result.Prove(
                $"{record.Period} commits to {tree.Root.Sums.Leaves} {tree.Kind.ToString().ToLowerInvariant()} in {tree.Currency}, "
                + $"{new Amount(tree.Root.Sums.Units, tree.Currency)} in all.");
        AgreementVerifier.Verify([.. agreements.Values], record.Origin, log, result, checks);
        if (statement.Field("shares", JsonValueKind.Array).GetArrayLength() > 0)
            result.LeaveOpen("That the steps of a document's shares follow from the whole month's revenue: that takes the month's bundle ('ayni audit verify').");
        if (logKey is null)
            result.LeaveOpen($"Who {record.Origin} is: give the log's key, from somewhere you trust, with --key.");
        if (log is not null)
        {
            log.CheckPeriod(proof.Record, KeyCertificate.Decode(proof.Certificate).KeyId, proof.Log, checks);
            result.Prove($"The log, of {log.Checkpoint.Size} entries now, holds what the month commits to, and the key that signed it was not revoked before.");
        }
        else
        {
            result.LeaveOpen("That everybody sees the same log, and that the key which signed was not revoked: give the log with --log.");
        }
        result.LeaveOpen("That every receipt is among them: whoever holds one verifies that with it, and an auditor with the month's bundle.");
        ReceiptVerifier.AddLimits(result);
        return result.Build();
    }

    /// <summary>
    /// Demands that lines and shares add up to what was earned, that with the carry to what is paid, and that each share of a line is what
    /// its agreement gives, to the unit that rounding decides. Returns how many of those there are.
    /// </summary>
    private static int CheckSums(JsonElement statement, Dictionary<long, AgreementItem> agreements, ProofChecks checks)
    {
        var earned = new Dictionary<Currency, Amount>();
        var shared = 0;
        foreach (var line in statement.Field("lines", JsonValueKind.Array).EnumerateArray())
        {
            var currency = ReadCurrency(line);
            if (line.OptionalField("amount") is null)
                continue;
            var amount = ReadAmount(line, "amount", currency);
            Add(earned, amount);
            var parts = line.NumberField("parts_per_million");
            var version = line.NumberField("agreement_version");
            checks.Demand(
                ProofCheck.Split,
                agreements.TryGetValue(version, out var agreement)
                && Gives(agreement, statement.TextField("party_id"), parts),
                string.Create(CultureInfo.InvariantCulture, $"Agreement {version} does not give the party {parts} parts of a million."));
            var distributable = ReadAmount(line, "gross", currency)
                - (line.OptionalField("returned") is null ? Amount.Zero(currency) : ReadAmount(line, "returned", currency));
            // The largest remainder decides one unit of 10⁻¹² up or down.
            var exact = checked(distributable.Units * parts);
            var difference = exact - amount.Units * Share.Whole;
            checks.Demand(
                ProofCheck.Split, difference > -Share.Whole && difference < Share.Whole, $"A share of {amount} is not {parts} parts of {distributable}.");
            shared++;
        }
        foreach (var share in statement.Field("shares", JsonValueKind.Array).EnumerateArray())
            Add(earned, ReadAmount(share, "amount", ReadCurrency(share)));
        var totalled = new HashSet<Currency>();
        foreach (var total in statement.Field("totals", JsonValueKind.Array).EnumerateArray())
        {
            var currency = ReadCurrency(total);
            checks.Demand(ProofCheck.Totals, totalled.Add(currency), $"The statement has two totals in {currency}.");
            var (carryIn, sum) = (ReadAmount(total, "carry_in", currency), ReadAmount(total, "earned", currency));
            var (payable, carryOut) = (ReadAmount(total, "payable", currency), ReadAmount(total, "carry_out", currency));
            var due = carryIn + sum;
            checks.Demand(
                ProofCheck.Totals,
                earned.GetValueOrDefault(currency, Amount.Zero(currency)) == sum && due == payable + carryOut
                && payable == (due.Sign > 0 ? due.FloorToMinorUnit() : Amount.Zero(currency)),
                $"The statement's sums in {currency} do not add up.");
            earned.Remove(currency);
        }
        checks.Demand(ProofCheck.Totals, earned.Values.All(rest => rest.Sign == 0), "The statement has shares that no total counts.");
        return shared;
    }

    /// <summary>Whether an agreement's shares give a party so many parts: those it is named for, with or without the developer's.</summary>
    private static bool Gives(AgreementItem agreement, string partyId, long parts)
    {
        var shares = agreement.ToAgreement().Shares;
        long named = shares.Where(share => share.PartyId == partyId).Sum(share => (long)share.PartsPerMillion);
        var developers = shares.Where(share => share.PartyId is null).Sum(share => (long)share.PartsPerMillion);
        return parts == named || parts == named + developers;
    }

    private static void Add(Dictionary<Currency, Amount> sums, Amount amount) =>
        sums[amount.Currency] = sums.GetValueOrDefault(amount.Currency, Amount.Zero(amount.Currency)) + amount;

    private static Currency ReadCurrency(JsonElement value) => Currency.TryParse(value.TextField("currency"), out var currency)
        ? currency
        : throw new ProofException(ProofCheck.Format, "The statement has a currency that ISO 4217 does not know.");

    private static Amount ReadAmount(JsonElement value, string name, Currency currency)
    {
        var text = value.TextField(name);
        try
        {
            if (Amount.TryParseStored(text, currency, out var amount))
                return amount;
        }
        catch (OverflowException)
        {
        }
        throw new ProofException(ProofCheck.Format, $"The field '{name}' is no amount.");
    }
}
