using System.Globalization;

namespace Ayni.Receipts;

/// <summary>
/// A log as somebody else reads it now, its checkpoint verified and its entries read: what receipts and periods are held against.
/// Immutable.
/// </summary>
internal sealed class LogView
{
    /// <summary>How far a host's clock may be ahead of the verifier's.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    private readonly LogReader _reader;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<string, long> _revocations = new(StringComparer.Ordinal);
    private readonly Dictionary<Period, (Digest Record, long Position)> _periods = [];
    private readonly Dictionary<long, (Digest Hash, long Position)> _agreements = [];
    private readonly List<LoggedPartyKey> _partyKeys = [];
    private readonly HashSet<LogEntry.Objection> _objections = [];
    private readonly HashSet<LogEntry.Erasure> _erasures = [];
    private long _lastBatch;
    private long? _witnessed;

    private LogView(LogReader reader, Checkpoint checkpoint, DateTimeOffset now)
    {
        _reader = reader;
        Checkpoint = checkpoint;
        _now = now;
    }

    /// <summary>What the log is.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>Reads a log.</summary>
    /// <param name="reader">Its files.</param>
    /// <param name="logKey">Its key; null takes the checkpoint's word for whose log it is.</param>
    /// <param name="witnesses">Witnesses of whom every one must have cosigned.</param>
    /// <param name="now">What time it is, for promises.</param>
    /// <param name="checks">The checks made.</param>
    public static LogView Read(
        LogReader reader, PublicKey? logKey, IReadOnlyList<PublicKey> witnesses, DateTimeOffset now, ProofChecks checks)
    {
        var checkpoint = reader.ReadCheckpoint() ?? throw new ProofException(ProofCheck.Inclusion, "The log has no checkpoint.");
        if (logKey is not null)
            checkpoint.Demand(logKey, checks);
        checks.Demand(
            ProofCheck.Inclusion, reader.Root(checkpoint.Size, checkpoint.Size) == checkpoint.Root, "The log's tiles are not those of its checkpoint.");
        var view = new LogView(reader, checkpoint, now);
        long position = 0;
        foreach (var bytes in reader.Entries(0, checkpoint.Size, checkpoint.Size))
            view.Add(LogEntry.Decode(bytes), position++, checks);
        if (witnesses.Count == 0)
            return view;
        var cosigned = reader.ReadCosigned() ?? throw new ProofException(ProofCheck.SingleView, "No witness has cosigned the log.");
        foreach (var witness in witnesses)
            checks.Demand(ProofCheck.SingleView, cosigned.CosignedBy(witness) is not null, $"{witness.Name} has not cosigned the log.");
        view.DemandContains(cosigned, checks);
        view._witnessed = cosigned.Size;
        return view;
    }

    /// <summary>Demands that an earlier checkpoint is the beginning of this log.</summary>
    public void DemandContains(Checkpoint other, ProofChecks checks)
    {
        checks.Demand(ProofCheck.SingleView, other.Origin == Checkpoint.Origin, $"The log is that of {Checkpoint.Origin}, the proof's of {other.Origin}.");
        if (other.Size == Checkpoint.Size)
            checks.Demand(ProofCheck.SingleView, other.Root == Checkpoint.Root, "The log shows others another history of the same length.");
        else if (other.Size > Checkpoint.Size)
            checks.Demand(
                ProofCheck.Growth, false,
                string.Create(
                    CultureInfo.InvariantCulture, $"The log had {other.Size} entries and has {Checkpoint.Size} now: it was rolled back."));
        else
            checks.Demand(
                ProofCheck.Growth,
                MerkleTree.IsConsistent(
                    other.Size, other.Root, Checkpoint.Size, Checkpoint.Root, _reader.Consistency(other.Size, Checkpoint.Size)),
                "The log is not the one that the proof is of: its beginning is another.");
    }

    /// <summary>Holds a receipt against the log.</summary>
    public void Check(ReceiptProof proof, Batch batch, VerificationBuilder result, ProofChecks checks)
    {
        checks.Demand(ProofCheck.SingleView, Checkpoint.Origin == batch.Origin, $"The log is that of {Checkpoint.Origin}, the receipt's of {batch.Origin}.");
        checks.Demand(
            ProofCheck.Promise, batch.SealedAt <= _now + ClockTolerance,
            $"The batch says that it was signed at {batch.SealedAt:u}, which is still to come: what it promises would never be due.");
        long? position = null;
        if (proof.Log is { } logged)
        {
            DemandContains(logged.Entry.Proof.Checkpoint, checks);
            position = logged.Entry.Proof.Index;
            result.Prove($"The log has only grown since, to {Checkpoint.Size} entries.");
            if (position < _witnessed)
                result.Prove($"The witnesses saw the same log, up to {_witnessed} entries.");
            else
                result.LeaveOpen("That others see the same log: no witness that you name has seen it as far as this receipt.");
        }
        else
        {
            checks.Demand(
                ProofCheck.Inclusion, batch.Number <= _lastBatch || _now <= batch.LoggedBy,
                $"The host promised to have batch {batch.Number} in the log by {batch.LoggedBy:u}, and it is not there: keep this receipt, it is evidence.");
            result.LeaveOpen("That the log holds it: fetch the receipt again, it carries the proof then.");
        }
        DemandNotRevoked(KeyCertificate.Decode(proof.Certificate).KeyId, position, checks);
        result.Prove("The key that signed it was not revoked before.");
        if (proof.Period is { } period)
            CheckPeriod(period.Record, KeyCertificate.Decode(period.Certificate).KeyId, period.Log, checks);
        else if (proof.Log is not null && _periods.ContainsKey(ProofFormat.ReadReceipt(proof.Canonical).Period))
            result.LeaveOpen(
                $"The log has closed {ProofFormat.ReadReceipt(proof.Canonical).Period}, and the receipt does not show that it was counted: "
                + "fetch it again.");
    }

    /// <summary>Holds a period's record against the log.</summary>
    public void CheckPeriod(byte[] record, string keyId, LoggedEntry? logged, ProofChecks checks)
    {
        var period = PeriodRecord.Decode(record).Period;
        if (logged is not null)
            DemandContains(logged.Proof.Checkpoint, checks);
        var isHeld = _periods.TryGetValue(period, out var held) && held.Record == Digest.Of(record);
        checks.Demand(ProofCheck.Inclusion, isHeld, $"The log holds no such record of {period}.");
        DemandNotRevoked(keyId, isHeld ? held.Position : null, checks);
    }

    /// <summary>Demands that the log holds a version of an agreement as it is given. Returns its place.</summary>
    public long DemandAgreement(long version, Digest hash, ProofChecks checks)
    {
        var isHeld = _agreements.TryGetValue(version, out var logged);
        checks.Demand(ProofCheck.Inclusion, isHeld && logged.Hash == hash, $"Agreement {version} is not what the log says it is.");
        return isHeld ? logged.Position : Checkpoint.Size;
    }

    /// <summary>The versions of agreements that the log held before it held a period's record.</summary>
    public IEnumerable<long> AgreementsBefore(Period period) => _periods.TryGetValue(period, out var closed)
        ? _agreements.Where(agreement => agreement.Value.Position < closed.Position).Select(agreement => agreement.Key)
        : _agreements.Keys;

    /// <summary>Whether the log holds that a customer was erased.</summary>
    public bool HasErased(string customerId) => _erasures.Contains(LogEntry.Erasure.Of(customerId));

    /// <summary>The place of a period's record; the log's end if it holds none.</summary>
    public long PlaceOf(Period period) => _periods.TryGetValue(period, out var held) ? held.Position : Checkpoint.Size;

    /// <summary>Every step of objections about a period.</summary>
    public IReadOnlySet<LogEntry.Objection> ObjectionsTo(Period period) => _objections.Where(step => step.Period == period).ToHashSet();

    /// <summary>The keys that a party had registered before a place of the log, oldest first.</summary>
    public IReadOnlyList<LoggedPartyKey> KeysOf(string partyId, long before) =>
        [.. _partyKeys.Where(key => key.Key.Name == partyId && key.Position < before)];

    /// <summary>Whether a key was not revoked before a place of the log.</summary>
    public bool IsInForce(PublicKey key, long before) => !_revocations.TryGetValue(KeyCertificate.IdOf(key.Bytes), out var revoked) || revoked > before;

    /// <summary>Demands that a key was not revoked, or only after the log held what it signed.</summary>
    private void DemandNotRevoked(string keyId, long? position, ProofChecks checks) => checks.Demand(
        ProofCheck.Revocation, !_revocations.TryGetValue(keyId, out var revoked) || position < revoked,
        $"The signing key {keyId} was revoked before the log held what it signed here.");

    private void Add(LogEntry entry, long position, ProofChecks checks)
    {
        switch (entry)
        {
            case LogEntry.Batches batches:
                checks.Demand(
                    ProofCheck.SingleView, batches.First == _lastBatch + 1 && batches.Count > 0,
                    $"The log's batches do not follow each other: {batches.First} comes after {_lastBatch}.");
                _lastBatch = Math.Max(_lastBatch, batches.First + batches.Count - 1);
                break;
            case LogEntry.ClosedPeriod closed:
                checks.Demand(
                    ProofCheck.SingleView, _periods.TryAdd(closed.Period, (closed.Record, position)), $"The log holds two records of {closed.Period}.");
                break;
            case LogEntry.AgreementVersion agreement:
                checks.Demand(
                    ProofCheck.SingleView, _agreements.TryAdd(agreement.Version, (agreement.Hash, position)),
                    $"The log holds agreement {agreement.Version} twice.");
                break;
            case LogEntry.Erasure erasure:
                _erasures.Add(erasure);
                break;
            case LogEntry.Objection objection:
                _objections.Add(objection);
                break;
            case LogEntry.PartyKey registered:
                var key = new PublicKey(registered.PartyId, PublicKey.NoteType, registered.PublicKey);
                var previous = KeysOf(registered.PartyId, position) is [.., var last] ? last.Key : null;
                var isEndorsed = previous is null || (registered.Endorsement is { } endorsement
                    && previous.Verify(System.Text.Encoding.UTF8.GetBytes(PartyKeyNote.TextOf(key)), endorsement));
                _partyKeys.Add(new(key, position, isEndorsed));
                break;
            case LogEntry.Revocation revocation:
                _revocations.TryAdd(revocation.KeyId, position);
                break;
        }
    }
}

/// <summary>A party's key as a log holds it.</summary>
/// <param name="Key">The key, under the party's id.</param>
/// <param name="Position">Where it was registered.</param>
/// <param name="IsEndorsed">Whether it is the party's first, or the one before endorsed it.</param>
internal sealed record LoggedPartyKey(PublicKey Key, long Position, bool IsEndorsed);
