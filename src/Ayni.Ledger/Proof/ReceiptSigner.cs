using System.Security.Cryptography;

namespace Ayni.Ledger;

/// <summary>
/// Signs the receipts of each group commit: one signature over the root of their hashes. The log's key and this host's signing key are files
/// beside the ledger. Used by the writer's thread only.
/// </summary>
internal sealed class ReceiptSigner
{
    private readonly string _folder;
    private readonly string _origin;
    private SigningKey _key;
    private string _keyId;

    private ReceiptSigner(string folder, string origin, SigningKey key)
    {
        _folder = folder;
        _origin = origin;
        _key = key;
        _keyId = KeyCertificate.IdOf(key.PublicBytes);
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

    /// <summary>
    /// Prepares signing: names the log and makes the keys where there are none yet. Null, so that receipts stay unsigned, where the ledger has
    /// a log whose key is not in the folder, as after a restore without its keys.
    /// </summary>
    public static ReceiptSigner? Open(Session session, string folder, Identifiers identifiers, DateTimeOffset now)
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
            var signer = Open(session, folder, identity, now);
            session.Commit();
            return signer;
        }
        finally
        {
            session.RollBack();
        }
    }

    /// <summary>Signs the receipts of a transaction, as its last act.</summary>
    /// <param name="session">The transaction's session.</param>
    /// <param name="now">When.</param>
    /// <param name="leaves">The leaves of the receipts' hashes, in posting order.</param>
    /// <param name="firstEntry">The first receipt's entry.</param>
    /// <param name="lastEntry">The last receipt's entry.</param>
    public void Seal(Session session, DateTimeOffset now, ReadOnlySpan<Digest> leaves, long firstEntry, long lastEntry)
    {
        var batch = new Batch(
            _origin, ProofRows.LastBatch(session) + 1, now, now + Batch.LogPromise, leaves.Length, MerkleTree.Root(leaves));
        var canonical = batch.Encode();
        if (Sign(session, canonical) is var (keyId, signature))
            ProofRows.Insert(session, batch, firstEntry, lastEntry, keyId, canonical, signature);
    }

    /// <summary>Signs some bytes; null if no key is certified and neither retired nor revoked.</summary>
    public (string KeyId, byte[] Signature)? Sign(Session session, byte[] message) =>
        IsInUse(session) ? (_keyId, _key.Sign(message)) : null;

    /// <summary>Whether the key still signs; another process may have put another one in its place.</summary>
    private bool IsInUse(Session session)
    {
        if (ProofRows.SigningKey(session, _keyId) is { Retired: null })
            return true;
        // A change of keys may have ended between the ledger and the file.
        if (File.Exists(NextKeyPath(_folder)) && IsCertified(session, SigningKey.Read(NextKeyPath(_folder))))
            TakeNext(_folder);
        _key = SigningKey.Read(SigningKeyPath(_folder));
        _keyId = KeyCertificate.IdOf(_key.PublicBytes);
        return ProofRows.SigningKey(session, _keyId) is { Retired: null };
    }

    private static bool IsCertified(Session session, SigningKey key) =>
        ProofRows.SigningKey(session, KeyCertificate.IdOf(key.PublicBytes)) is { Retired: null };

    private static ReceiptSigner? Open(Session session, string folder, LogIdentity identity, DateTimeOffset now)
    {
        var path = SigningKeyPath(folder);
        if (File.Exists(path))
        {
            var present = SigningKey.Read(path);
            if (ProofRows.SigningKey(session, KeyCertificate.IdOf(present.PublicBytes)) is not null)
                return new(folder, identity.Origin, present);
        }
        if (!File.Exists(LogKeyPath(folder)) || SigningKey.Read(LogKeyPath(folder)) is not { } logKey
            || !logKey.PublicBytes.SequenceEqual(identity.Key.Bytes))
            return null;
        var key = SigningKey.ReadOrCreate(path);
        ProofRows.Insert(session, KeyCertificate.Create(identity.Origin, logKey, key.PublicBytes, now));
        return new(folder, identity.Origin, key);
    }
}
