using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>
/// Signs receipts: one signature over the root of many receipts' hashes. With a key in a file the receipts of each group commit are signed
/// within its transaction, which takes microseconds. An external signer is never waited for there: what no commit signed stands in
/// <c>unsigned_receipts</c>, and is signed afterwards (<see cref="SignBacklogAsync"/>), oldest first, by whichever host of the ledger can.
/// This host's signing key is a file beside the ledger, and so is the log's key where it certifies them. Thread-safe.
/// </summary>
internal sealed class ReceiptSigner
{
    /// <summary>Entries of a batch that is signed afterwards: a proof reads all its receipts.</summary>
    private const int MostEntries = 4096;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1), LongestPause = TimeSpan.FromHours(1);

    private readonly string _folder;
    private readonly string _origin;
    private volatile HostKey? _key;
    private volatile SignerPause? _pause;

    private ReceiptSigner(string folder, string origin)
    {
        _folder = folder;
        _origin = origin;
    }

    /// <summary>The key that certifies signing keys and signs checkpoints.</summary>
    public static string LogKeyPath(string folder) => Path.Combine(folder, "log.key");

    /// <summary>The key that signs receipts.</summary>
    public static string SigningKeyPath(string folder) => Path.Combine(folder, "signing.key");

    /// <summary>The key that is to follow, until it takes the other's place.</summary>
    public static string NextKeyPath(string folder) => SigningKeyPath(folder) + ".next";

    /// <summary>Puts the key that is to follow in the place of the one before, if it is still to be done.</summary>
    public static void TakeNext(string folder)
    {
        try
        {
            File.Move(NextKeyPath(folder), SigningKeyPath(folder), overwrite: true);
        }
        catch (FileNotFoundException)
        {
            // Another process was faster.
        }
    }

    /// <summary>Whether a folder has the key of a log.</summary>
    public static bool HasLogKey(string folder, LogIdentity identity) =>
        File.Exists(LogKeyPath(folder)) && SigningKey.Read(LogKeyPath(folder)).PublicBytes.SequenceEqual(identity.Key.Bytes);

    /// <summary>
    /// Prepares signing: names the log, and makes and certifies this host's key, where there is none yet. Where the log's key is elsewhere,
    /// as on a second host or after a restore without its keys, receipts stay unsigned until this host's key is certified there.
    /// </summary>
    /// <param name="session">The ledger's writer.</param>
    /// <param name="folder">Where the keys are.</param>
    /// <param name="identifiers">Names the log.</param>
    /// <param name="host">What is certified of this host, if its key is.</param>
    /// <param name="now">When.</param>
    public static ReceiptSigner Open(Session session, string folder, Identifiers identifiers, SigningHost host, DateTimeOffset now)
    {
        try
        {
            session.BeginWriting();
            var identity = ProofRows.Identity(session);
            if (identity is null)
            {
                var key = SigningKey.ReadOrCreate(LogKeyPath(folder)).ForNotes($"ayni/{identifiers.New("log")}");
                ProofRows.Insert(session, identity = new(key, RandomNumberGenerator.GetBytes(32)));
            }
            var path = SigningKeyPath(folder);
            var own = !(File.Exists(path) && IsKnown(session, SigningKey.Read(path))) && HasLogKey(folder, identity)
                ? SigningKey.ReadOrCreate(path)
                : null;
            session.Commit();
            if (own is not null)
            {
                // The log's key may be in an external signer, which no transaction waits for.
                var certificate = KeyCertificate.Create(identity.Origin, SigningKey.Read(LogKeyPath(folder)).Sign, host, own.PublicBytes, now);
                session.BeginWriting();
                if (!IsKnown(session, own))
                    ProofRows.Insert(session, certificate);
                session.Commit();
            }
            return new(folder, identity.Origin);
        }
        finally
        {
            session.RollBack();
        }
    }

    /// <summary>
    /// Signs the receipts of a transaction, as its last act, or notes that they are to be signed afterwards: what was used is charged and
    /// durable all the same.
    /// </summary>
    /// <param name="signer">What signs; null in a process that has no folder of keys.</param>
    /// <param name="session">The transaction's session.</param>
    /// <param name="now">When.</param>
    /// <param name="leaves">The leaves of the receipts' hashes, in posting order.</param>
    /// <param name="firstEntry">The first receipt's entry.</param>
    /// <param name="lastEntry">The last receipt's entry.</param>
    public static void Seal(
        ReceiptSigner? signer, Session session, DateTimeOffset now, ReadOnlySpan<Digest> leaves, long firstEntry, long lastEntry)
    {
        if (signer?.KeyInUse(session) is not { Key.IsExternal: false } key)
        {
            UnsignedRows.Insert(session, firstEntry, lastEntry, now);
            return;
        }
        var batch = signer.BatchOf(session, now, now + key.Promise, leaves);
        var canonical = batch.Encode();
        ProofRows.Insert(session, batch.Number, firstEntry, lastEntry, key.Id, canonical, key.Key.Sign(canonical));
    }

    /// <summary>
    /// Signs what no commit signed, oldest first. Where an external signer fails it throws <see cref="SignerException"/>, and does nothing
    /// for the next minute, or after the next failures for twice as long each, up to an hour. Meanwhile receipts get batches now and then,
    /// since the log can hold a batch that is not signed yet.
    /// </summary>
    /// <param name="readers">Readers of the ledger.</param>
    /// <param name="writer">Its writer, which waits for no signer.</param>
    /// <param name="clock">What time it is.</param>
    /// <param name="insists">Whether a signer that failed a moment ago is asked all the same.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <remarks>Who does it at the same time, in whatever process, signs some in vain and nothing twice.</remarks>
    public async Task SignBacklogAsync(
        Readers readers, ActingWriter writer, TimeProvider clock, bool insists, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var own = readers.Read(KeyInUse);
        var promise = own?.Promise ?? SigningHost.StandardPromise;
        var key = insists || _pause is not { } pause || now >= pause.Until ? own : null;
        while (readers.Read(session => UnsignedRows.FirstRun(session, MostEntries)) is { } run
            && (key is not null || now - run.Posted >= promise / 4))
        {
            Digest[] leaves = readers.Read(session => ProofRows.Receipts(session, run.FirstEntry, run.LastEntry)
                .Select(receipt => MerkleTree.Leaf(Digest.Of(receipt.Canonical))).ToArray());
            await writer.RunAsync(transaction => Seal(transaction, run, promise, leaves), cancellationToken).ConfigureAwait(false);
        }
        while (key is not null && readers.Read(UnsignedRows.FirstBatch) is { } batch)
        {
            var signature = await Task.Run(() => Ask(key, batch.Canonical, now), CancellationToken.None).WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            // A key that was replaced or revoked meanwhile has signed in vain.
            if (!await writer.RunAsync(transaction => Store(transaction.Session, batch, key, signature), cancellationToken).ConfigureAwait(false))
                key = readers.Read(KeyInUse);
        }
    }

    /// <summary>The key by which this host signs; null if it has none that is certified and neither retired nor revoked.</summary>
    public HostKey? KeyInUse(Session session)
    {
        if (_key is { } used && IsInForce(session, used))
            return used;
        // A change of keys may have ended between the ledger and the file.
        if (File.Exists(NextKeyPath(_folder)) && IsKnown(session, SigningKey.Read(NextKeyPath(_folder))))
            TakeNext(_folder);
        if (!File.Exists(SigningKeyPath(_folder)))
            return null;
        var key = SigningKey.Read(SigningKeyPath(_folder));
        var id = KeyCertificate.IdOf(key.PublicBytes);
        return ProofRows.SigningKey(session, id) is { Retired: null } row ? _key = new(id, key, row.Certificate.Promise) : null;
    }

    /// <summary>Whether a key is certified and neither retired nor revoked.</summary>
    public static bool IsInForce(Session session, HostKey key) => ProofRows.SigningKey(session, key.Id) is { Retired: null };

    private Batch BatchOf(Session session, DateTimeOffset now, DateTimeOffset loggedBy, ReadOnlySpan<Digest> leaves) => new(
        _origin, ProofRows.LastBatch(session) + 1, now, loggedBy, leaves.Length, MerkleTree.Root(leaves));

    /// <summary>Gives the receipts of a run a batch, unless another process did. The promise counts from when they were posted.</summary>
    private bool Seal(Transaction transaction, UnsignedRun run, TimeSpan promise, Digest[] leaves)
    {
        var session = transaction.Session;
        if (!UnsignedRows.Holds(session, run))
            return false;
        UnsignedRows.Seal(session, run, BatchOf(session, transaction.Now, run.Posted + promise, leaves));
        return true;
    }

    private byte[] Ask(HostKey key, byte[] message, DateTimeOffset now)
    {
        try
        {
            var signature = key.Key.Sign(message);
            _pause = null;
            return signature;
        }
        catch (SignerException error)
        {
            var length = _pause is { } before ? TimeSpan.FromTicks(Math.Min(2 * before.Length.Ticks, LongestPause.Ticks)) : FirstPause;
            _pause = new(now + length, length);
            throw new SignerException(
                $"Receipts are not signed yet. {error.Message} It is asked again in {length.TotalMinutes:0} min, and then signs them all.", error);
        }
    }

    /// <summary>Keeps a batch's signature, unless another process was faster. False if the key is no longer in force.</summary>
    private static bool Store(Session session, UnsignedBatch batch, HostKey key, byte[] signature)
    {
        if (!IsInForce(session, key))
            return false;
        if (UnsignedRows.Delete(session, batch))
            ProofRows.Insert(session, batch.Number, batch.FirstEntry, batch.LastEntry, key.Id, batch.Canonical, signature);
        return true;
    }

    private static bool IsKnown(Session session, SigningKey key) =>
        ProofRows.SigningKey(session, KeyCertificate.IdOf(key.PublicBytes)) is not null;
}

/// <summary>A host's signing key.</summary>
/// <param name="Id"><c>sig_…</c></param>
/// <param name="Key">The key.</param>
/// <param name="Promise">How long it may take until the log holds what it signs.</param>
internal sealed record HostKey(string Id, SigningKey Key, TimeSpan Promise);

/// <summary>A signer that failed is not asked for a while.</summary>
/// <param name="Until">Until when.</param>
/// <param name="Length">How long that is.</param>
internal sealed record SignerPause(DateTimeOffset Until, TimeSpan Length);
