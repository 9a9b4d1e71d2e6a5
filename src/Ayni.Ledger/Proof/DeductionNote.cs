using System.Globalization;
using System.Text;

namespace Ayni.Ledger;

/// <summary>
/// A deduction as its customer signs it, a note (C2SP's signed-note) of:
/// <code>
/// ayni/deduction/v1
/// ORIGIN                the log's name
/// type TYPE
/// evidence TEXT
/// month YYYY-MM         the one it is about
/// model NAME            empty for every model
/// app ID                empty for every app and none
/// amount NUMBER CODE
/// customer ID
/// </code>
/// </summary>
internal sealed record DeductionNote(string Origin, Deduction Deduction, string CustomerId)
{
    public const string Header = "ayni/deduction/v1\n";

    private static readonly string[] Fields = ["type", "evidence", "month", "model", "app", "amount", "customer"];

    public string Text
    {
        get
        {
            var (deduction, amount) = (Deduction, Deduction.Amount);
            string?[] values =
            [
                deduction.Type.Name(), deduction.EvidenceId, deduction.ServicePeriod.ToString(), deduction.Model, deduction.AppId,
                $"{amount.Format()} {amount.Currency.Code}", CustomerId,
            ];
            return $"{Header}{Origin}\n" + string.Concat(Fields.Zip(values, (name, value) => $"{name} {value}\n"));
        }
    }

    /// <summary>Takes a note's text apart. Throws <see cref="ProofException"/> for what is none.</summary>
    public static DeductionNote Parse(string text)
    {
        var lines = text.Split('\n');
        if (text.StartsWith(Header, StringComparison.Ordinal) && lines.Length == Fields.Length + 3
            && lines.Skip(2).Zip(Fields).All(pair => pair.First.StartsWith(pair.Second + " ", StringComparison.Ordinal)))
        {
            var values = lines.Skip(2).Zip(Fields, (line, field) => line[(field.Length + 1)..]).ToArray();
            if (DeductionTypeNames.TryParse(values[0], out var type) && Period.TryParse(values[2], out var month) && ReadAmount(values[5]) is { } amount
                && new DeductionNote(
                    lines[1], new(type, values[1], month, month, NullIfEmpty(values[3]), NullIfEmpty(values[4]), amount), values[6]) is var note
                && note.Text == text)
                return note;
        }
        throw new ProofException(
            ProofCheck.Format, "This is no deduction to sign; 'ayni ledger deduct --to-sign' prints one.");
    }

    /// <summary>What a customer signs, in plain English.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{CustomerId} confirms to {Origin}: {Deduction.Type.Name()} '{Deduction.EvidenceId}' of {Deduction.Amount} for {Deduction.ServicePeriod}, "
        + $"{(Deduction.Model is { } model ? $"the model '{model}'" : "every model")}{(Deduction.AppId is { } app ? $", the app {app}" : "")}.");

    /// <summary>
    /// Demands that a deduction which says that its customer signed it was signed, by a key that the log held before the month's record.
    /// </summary>
    /// <param name="deduction">A deduction of the month.</param>
    /// <param name="origin">The log's name.</param>
    /// <param name="month">The month that the record closes.</param>
    /// <param name="log">The log; null leaves open what only it shows.</param>
    /// <param name="result">What was proven.</param>
    /// <param name="checks">Which checks are made.</param>
    public static void Verify(
        Deduction deduction, string origin, Period month, LogView? log, VerificationBuilder result, ProofChecks checks)
    {
        if (deduction.SignedBy is not { } by)
            return;
        var what = $"the {deduction.Type.Name()} '{deduction.EvidenceId}' of {deduction.Amount}";
        var key = by.Key is null ? null : PublicKey.Parse(by.Key);
        var signature = new byte[64];
        checks.Demand(
            ProofCheck.Evidence,
            key is not null && key.Name == by.CustomerId && by.Signature is not null
            && Convert.TryFromBase64String(by.Signature, signature, out var length) && length == signature.Length
            && key.Verify(Encoding.UTF8.GetBytes(new DeductionNote(origin, deduction, by.CustomerId).Text), signature),
            $"{by.CustomerId} is said to have signed {what}, and did not.");
        if (key is null)
            return;
        result.Prove($"{by.CustomerId} ({KeyCertificate.IdOf(key.Bytes)}) has signed {what}.");
        if (log is null)
        {
            result.LeaveOpen($"That the key under {what} is the customer's own: give the log with --log.");
            return;
        }
        var place = log.PlaceOf(month);
        var own = log.KeysOf(by.CustomerId, place).FirstOrDefault(logged => logged.Key == key);
        checks.Demand(ProofCheck.Evidence, own is not null, $"The log does not hold the key that signed {what} for {by.CustomerId}.");
        if (own is not null && !log.IsInForce(own.Key, place))
            result.LeaveOpen($"That {what} was signed before its key was revoked: the log shows the revocation before the month's close.");
        if (own?.IsEndorsed == false)
            result.LeaveOpen($"That the key under {what} is the customer's own: the host registered it, and the key before did not endorse it.");
    }

    private static Amount? ReadAmount(string text) =>
        text.Split(' ') is [var number, var code] && Currency.TryParse(code, out var currency) && Amount.TryParse(number, currency, out var amount)
            ? amount
            : null;

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
