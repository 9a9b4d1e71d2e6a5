namespace Ayni.Receipts;

/// <summary>
/// One metered use: immutable, numbered without gaps within its key and chained to the key's previous receipt. Its charge is the
/// customer's and is never repriced. <see cref="ReceiptFormat"/> gives it bytes; JSON is only a view.
/// </summary>
public sealed record Receipt
{
    /// <summary><c>rcp_…</c>, in order of admission.</summary>
    public required string Id { get; init; }

    /// <summary>The request it is for.</summary>
    public required string RequestId { get; init; }

    /// <summary>The key presented, or that a meter elsewhere reports for.</summary>
    public required string KeyId { get; init; }

    /// <summary>
    /// Its place among the key's receipts: 1, 2, 3, … What a meter reports for a key is a series of its own.
    /// </summary>
    public required long KeyNumber { get; init; }

    /// <summary>The <see cref="Hash"/> of the series' receipt before; zero for the first.</summary>
    public required Digest PreviousHash { get; init; }

    /// <summary>When the request was let in, in whole microseconds, UTC.</summary>
    public required DateTimeOffset AdmittedAt { get; init; }

    /// <summary>The month it belongs to: that of its admission in the ledger's zone.</summary>
    public required Period Period { get; init; }

    /// <summary>The key of the meter that counted the tokens elsewhere; null where this host's engine did.</summary>
    public required string? MeterId { get; init; }

    /// <summary>Who counted the tokens.</summary>
    public UsageSource Source => MeterId is null ? UsageSource.Host : UsageSource.Meter;

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The SHA-256 of the model's file.</summary>
    public required Digest ModelDigest { get; init; }

    /// <summary>The adapter used, if any.</summary>
    public required AdapterReference? Adapter { get; init; }

    /// <summary>The app the key belongs to, if any.</summary>
    public required string? AppId { get; init; }

    /// <summary>Who pays.</summary>
    public required string CustomerId { get; init; }

    /// <summary>Tokens.</summary>
    public required TokenCounts Counts { get; init; }

    /// <summary>How it ended.</summary>
    public required Outcome Outcome { get; init; }

    /// <summary>The price charged.</summary>
    public required long PriceVersion { get; init; }

    /// <summary>The agreement by which the charge is shared.</summary>
    public required long AgreementVersion { get; init; }

    /// <summary>What it costs.</summary>
    public required Amount Charge { get; init; }

    /// <summary>What the charge is in.</summary>
    public Currency Currency => Charge.Currency;

    /// <summary>The SHA-256 of the receipt's canonical bytes; computed anew at each call.</summary>
    public Digest Hash => Digest.Of(ReceiptFormat.Encode(this));
}
