using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>
/// Signs the receipts of each group commit: one signature over the root of their hashes. This host's signing key is a file beside the ledger, and
/// so is the log's key where it certifies them. Used by the writer's thread only, but for <see cref="TakeProblem"/>.
/// </summary>
internal sealed class ReceiptSigner
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1), LongestPause = TimeSpan.FromHours(1);

    private readonly string _folder;
    private readonly string _origin;
    private SigningKey? _key;
    private string _keyId = "";
    private string? _problem;
    private DateTimeOffset _askAgain;
    private TimeSpan _pause;

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
    /// Prepares signing: names the log, and makes and certifies this host's key, where there is none yet. Where the log's key is elsewhere, as on
    /// a second host or after a restore without its keys, receipts stay unsigned until this host's key is certified there.
    /// </summary>
    public static ReceiptSigner Open(Session session, string folder, Identifiers identifiers, DateTimeOffset now)
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
            if (!(File.Exists(path) && IsKnown(session, SigningKey.Read(path))) && HasLogKey(folder, identity))
            {
                var own = SigningKey.ReadOrCreate(path);
                ProofRows.Insert(session, KeyCertificate.Create(identity.Origin, SigningKey.Read(LogKeyPath(folder)), own.PublicBytes, now));
            }
            session.Commit();
            return new(folder, identity.Origin);
        }
        finally
        {
            session.RollBack();
        }
    }

    /// <summary>
    /// Signs the receipts of a transaction, as its last act. Where an external signer fails they stay unsigned: what was used is charged all the
    /// same. It isn't asked again for a minute, or after the next failures for twice as long each, up to an hour: no host waits for it at each
    /// commit.
    /// </summary>
    /// <param name="session">The transaction's session.</param>
    /// <param name="now">When.</param>
    /// <param name="leaves">The leaves of the receipts' hashes, in posting order.</param>
    /// <param name="firstEntry">The first receipt's entry.</param>
    /// <param name="lastEntry">The last receipt's entry.</param>
    public void Seal(Session session, DateTimeOffset now, ReadOnlySpan<Digest> leaves, long firstEntry, long lastEntry)
    {
        if (now < _askAgain)
            return;
        var batch = new Batch(
            _origin, ProofRows.LastBatch(session) + 1, now, now + Batch.LogPromise, leaves.Length, MerkleTree.Root(leaves));
        var canonical = batch.Encode();
        try
        {
            if (Sign(session, canonical) is var (keyId, signature))
                ProofRows.Insert(session, batch, firstEntry, lastEntry, keyId, canonical, signature);
            _pause = TimeSpan.Zero;
        }
        catch (SignerException error)
        {
            _pause = _pause == TimeSpan.Zero ? FirstPause : TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, LongestPause.Ticks));
            _askAgain = now + _pause;
            Volatile.Write(ref _problem, $"Receipts are not signed. {error.Message} It is asked again in {_pause.TotalMinutes:0} min.");
        }
    }

    /// <summary>Why receipts were not signed since it was asked last; null if all were. May be called by any thread.</summary>
    public string? TakeProblem() => Interlocked.Exchange(ref _problem, null);

    /// <summary>Signs some bytes; null if this host has no key that is certified and neither retired nor revoked.</summary>
    public (string KeyId, byte[] Signature)? Sign(Session session, byte[] message) =>
        IsInUse(session) ? (_keyId, _key!.Sign(message)) : null;

    /// <summary>Whether there is a key that signs; another process may have put another one in its place.</summary>
    private bool IsInUse(Session session)
    {
        if (_key is not null && ProofRows.SigningKey(session, _keyId) is { Retired: null })
            return true;
        // A change of keys may have ended between the ledger and the file.
        if (File.Exists(NextKeyPath(_folder)) && IsKnown(session, SigningKey.Read(NextKeyPath(_folder))))
            TakeNext(_folder);
        if (!File.Exists(SigningKeyPath(_folder)))
            return false;
        _key = SigningKey.Read(SigningKeyPath(_folder));
        _keyId = KeyCertificate.IdOf(_key.PublicBytes);
        return ProofRows.SigningKey(session, _keyId) is { Retired: null };
    }

    private static bool IsKnown(Session session, SigningKey key) =>
        ProofRows.SigningKey(session, KeyCertificate.IdOf(key.PublicBytes)) is not null;
}
