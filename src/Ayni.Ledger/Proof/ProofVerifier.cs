using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>Verifies whatever carries a proof, without a ledger. Thread-safe.</summary>
public static class ProofVerifier
{
    /// <summary>
    /// Verifies the JSON of a receipt, a statement or a receipt's absence. Throws <see cref="ProofException"/> that names the check which
    /// fails.
    /// </summary>
    /// <param name="json">The JSON with its field <c>proof</c>.</param>
    /// <param name="logKey">The log's key, from somewhere trusted; null takes the certificate's word for whose log it is.</param>
    /// <param name="log">The log as it is now; null leaves open what only the log shows.</param>
    /// <param name="witnesses">Witnesses of whom every one must have cosigned the log's checkpoint.</param>
    /// <param name="now">What time it is, for promises.</param>
    public static Verification Verify(
        ReadOnlyMemory<byte> json, PublicKey? logKey, LogReader? log, IReadOnlyList<PublicKey> witnesses, DateTimeOffset now) =>
        Verify(
            ProofFormat.ParseObject(json, "receipt, statement or absence with a proof"), logKey,
            log is null ? null : LogView.Read(log, logKey, witnesses, now, ProofChecks.All), ProofChecks.All);

    internal static Verification Verify(JsonElement view, PublicKey? logKey, LogView? log, ProofChecks checks)
    {
        try
        {
            var proof = view.Field("proof", JsonValueKind.Object);
            return proof.OptionalField("statement") is not null ? StatementVerifier.Verify(view, logKey, log, checks)
                : proof.OptionalField("absence") is not null ? AbsenceStatement.Verify(view, logKey, log, checks)
                : ReceiptVerifier.Verify(view, logKey, log, checks);
        }
        catch (OverflowException)
        {
            throw new ProofException(ProofCheck.Format, "An amount in it is too large.");
        }
        catch (InvalidOperationException)
        {
            // Only reading a text does this, and only for half a surrogate pair.
            throw new ProofException(ProofCheck.Format, "A text in it holds half a surrogate pair.");
        }
    }
}
