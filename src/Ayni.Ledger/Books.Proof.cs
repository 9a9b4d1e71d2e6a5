using System.Security.Cryptography;

namespace Ayni.Ledger;

// What proves the ledger to others: signed receipts, what closed periods commit to, and the log that holds both.
public sealed partial class Books
{
    /// <summary>The log's public key, which whoever verifies must have from somewhere they trust.</summary>
    public PublicKey LogKey => _readers.Read(session => DemandIdentity(session).Key);

    /// <summary>The folder of the log's files; null if the ledger was opened without a folder.</summary>
    public string? LogFolderPath => _folder is null ? null : LogFolder.PathIn(_folder);

    /// <summary>
    /// Makes a folder's log key that of an external signer, before a ledger is opened there for the first time. Throws
    /// <see cref="IOException"/> if there is a key already.
    /// </summary>
    public static void PrepareLogKey(string folder, string signer) => SigningKey.Create(ReceiptSigner.LogKeyPath(folder), signer);

    /// <summary>Every key that receipts were or are signed with, oldest first.</summary>
    public IReadOnlyList<SigningKeyState> ListSigningKeys() => _readers.Read<IReadOnlyList<SigningKeyState>>(session =>
        [.. ProofRows.SigningKeys(session).Select(row => row.ToState())]);

    /// <summary>
    /// A receipt, found by its own id or its request's, with what proves it by now; null if there is none.
    /// <see cref="SignedReceipt.IsSigned"/> is false where this ledger had no key when it was posted.
    /// </summary>
    public SignedReceipt? FindSignedReceipt(string receiptOrRequestId) => _readers.Read(session =>
        ProofRows.FindReceipt(session, receiptOrRequestId) is { } found
            ? new SignedReceipt(ReceiptFormat.Decode(found.Canonical), new Prover(session, Log).Prove(found.Entry, found.Canonical))
            : null);

    /// <summary>
    /// A party's final statement of a closed period with what proves it, as JSON. Throws <see cref="ProofException"/> if the period commits
    /// to nothing, or to no statement of the party.
    /// </summary>
    public byte[] ProveStatement(Period period, string partyId) =>
        _readers.Read(session => new Prover(session, Log).ProveStatement(period, partyId).Encode());

    /// <summary>
    /// Writes everything that a closed period commits to into an empty folder, for an auditor to run again elsewhere
    /// (<see cref="AuditVerifier"/>). It opens every receipt: give it to nobody who may not see them.
    /// </summary>
    public void ExportPeriod(Period period, string folder) => _readers.Read(session =>
    {
        AuditBundle.Write(session, new(session, Log), period, folder);
        return true;
    });

    /// <summary>
    /// Proves that a receipt of such an id is not in a closed period's summation tree, by the two leaves it would stand between. Throws
    /// <see cref="ProofException"/> if it is there, or the period has no record. Returns JSON.
    /// </summary>
    public byte[] ProveAbsence(Period period, Currency currency, string receiptId) => _readers.Read(session =>
        new Prover(session, Log).ProveAbsence(period, currency, receiptId).Encode());

    /// <summary>Records which model is served, for the log; the same one again changes nothing.</summary>
    public Task RecordModelAsync(string name, Digest digest, CancellationToken cancellationToken = default)
    {
        var entry = new LogEntry.Model(Text.Demand(name, "model's name"), digest);
        return _writer.RunAsync(
            transaction =>
            {
                LogRows.Append(transaction.Session, entry);
                return true;
            },
            cancellationToken);
    }

    /// <summary>
    /// Signs receipts that are not signed yet, oldest first: those posted while an external signer was busy or failed, while this host's
    /// key was not certified, or by a process that has no key. A host does it every two seconds. Throws <see cref="SignerException"/> if
    /// the signer fails, and asks it again after a minute at the earliest, then after twice as long each time, up to an hour; receipts wait
    /// meanwhile.
    /// </summary>
    public Task SignReceiptsAsync(CancellationToken cancellationToken = default) => SignReceiptsAsync(insists: false, cancellationToken);

    private Task SignReceiptsAsync(bool insists, CancellationToken cancellationToken) =>
        _signer?.SignBacklogAsync(_readers, _writer, _clock, insists, cancellationToken) ?? Task.CompletedTask;

    /// <summary>When the oldest receipt was posted that is not signed yet; null if all are.</summary>
    public DateTimeOffset? OldestUnsigned() => _readers.Read(UnsignedRows.Oldest);

    /// <summary>
    /// Writes into the log's files what is not there yet: batches of receipts, closed periods, agreements, models, keys and revocations.
    /// Returns how many entries the log has. Throws <see cref="ProofException"/> if the log's key is not in the folder, or if the ledger
    /// does not contain what was published before.
    /// </summary>
    public async Task<long> PublishLogAsync(CancellationToken cancellationToken = default)
    {
        var (folder, key) = DemandLogKey();
        var log = new LogFolder(LogFolder.PathIn(folder));
        var published = log.ReadCheckpoint()?.Size ?? 0;
        if (!_readers.Read(session => LogSequencer.IsBehind(session, published)))
            return published;
        var size = await _writer.RunAsync(LogSequencer.Append, cancellationToken).ConfigureAwait(false);
        var name = LogKey;
        return await Task.Run(
            () => log.Publish(size, (from, to) => _readers.Read(session => LogRows.Entries(session, from, to)), name, key, cancellationToken).Size,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Keeps a witness's cosignature of one of this log's checkpoints beside it. Throws <see cref="ProofException"/> if it is none.
    /// </summary>
    public void AddCosignature(ReadOnlySpan<byte> note, PublicKey witness, CancellationToken cancellationToken = default)
    {
        if (Log is not { } log)
            throw new ProofException(ProofCheck.Format, "The ledger was opened without the folder of its log.");
        log.AddCosignature(note, witness, LogKey, cancellationToken);
    }

    /// <summary>
    /// Puts a new signing key in the place of the one in the folder, which signs no more; with <paramref name="revokes"/> nothing that it
    /// signed and the log doesn't hold by the next publication is to be believed. Hosts that run take the new one at their next receipt.
    /// </summary>
    /// <param name="revokes">Whether the old key was stolen.</param>
    /// <param name="signer">The command of an external signer that has the new key; null makes one in a file.</param>
    /// <param name="change">What is certified of the host from now on, given what was; null leaves it.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public async Task<SigningKeyState> ReplaceSigningKeyAsync(
        bool revokes, string? signer = null, Func<SigningHost, SigningHost>? change = null, CancellationToken cancellationToken = default)
    {
        var (folder, logKey) = DemandLogKey();
        // What the old key signed until now is in the log before it is revoked.
        if (revokes)
            await PublishLogAsync(cancellationToken).ConfigureAwait(false);
        var old = SigningKey.Read(ReceiptSigner.SigningKeyPath(folder));
        var host = _readers.Read(session => ProofRows.SigningKey(session, KeyCertificate.IdOf(old.PublicBytes)))?.Certificate.Host
            ?? SigningHost.ThisMachine;
        host = change?.Invoke(host) ?? host;
        File.Delete(ReceiptSigner.NextKeyPath(folder));
        var next = Certify(logKey, host, SigningKey.Create(ReceiptSigner.NextKeyPath(folder), signer).PublicBytes);
        var state = await _writer.RunAsync(transaction => SigningKeyChange.Replace(transaction, next, old, revokes), cancellationToken)
            .ConfigureAwait(false);
        ReceiptSigner.TakeNext(folder);
        return state;
    }

    /// <summary>
    /// The public key with which this host signs, under a name; made, if there is none yet. Receipts are signed with it once it is
    /// certified where the log's key is (<see cref="CertifySigningKeyAsync"/>).
    /// </summary>
    /// <param name="name">What the host is called.</param>
    /// <param name="signer">The command of an external signer that has the key, if it is to be made; null makes one in a file.</param>
    public PublicKey PrepareSigningKey(string name, string? signer = null)
    {
        var path = ReceiptSigner.SigningKeyPath(DemandFolder());
        return (File.Exists(path) ? SigningKey.Read(path) : SigningKey.Create(path, signer)).ForNotes(name);
    }

    /// <summary>
    /// Certifies a host's signing key under the host's name, which the key has. Throws <see cref="ProofException"/> if the log's key is not
    /// in this ledger's folder.
    /// </summary>
    /// <param name="key">The key, under the name of its host.</param>
    /// <param name="promise">How long it may take until the log holds a receipt of that host; an hour unless given.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<SigningKeyState> CertifySigningKeyAsync(PublicKey key, TimeSpan? promise = null, CancellationToken cancellationToken = default)
    {
        var (_, logKey) = DemandLogKey();
        var certificate = Certify(logKey, new(key.Name, promise ?? SigningHost.StandardPromise), key.Bytes);
        return _writer.RunAsync(transaction => SigningKeyChange.Certify(transaction, certificate), cancellationToken);
    }

    private KeyCertificate Certify(SigningKey logKey, SigningHost host, ReadOnlySpan<byte> publicKey) =>
        KeyCertificate.Create(LogKey.Name, logKey.Sign, host, publicKey, _clock.GetUtcNow().ToWholeMicroseconds());

    /// <summary>
    /// Revokes a signing key of whatever host: nothing that it signed and the log doesn't hold by now is to be believed.
    /// </summary>
    public async Task<SigningKeyState> RevokeSigningKeyAsync(string id, CancellationToken cancellationToken = default)
    {
        await PublishLogAsync(cancellationToken).ConfigureAwait(false);
        return await _writer.RunAsync(transaction => SigningKeyChange.Revoke(transaction, id), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Destroys the secret under which a customer's receipts are committed to, so that what the log and statements hold of them can be
    /// opened by nobody; the commitments themselves stay, and with them every other customer's proofs. Backups, and a server's archived
    /// logs, still have the secret: those from before are to be destroyed, too.
    /// </summary>
    public async Task EraseCustomerSecretAsync(string customerId, CancellationToken cancellationToken = default)
    {
        await _writer.RunAsync(transaction => EraseSecret(transaction, customerId), cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.Run(() => _database.Scrub("customer_secrets"), cancellationToken).ConfigureAwait(false);
        }
        catch (System.Data.Common.DbException error)
        {
            throw _database.NameOf(error);
        }
    }

    private static bool EraseSecret(Transaction transaction, string customerId)
    {
        var session = transaction.Session;
        if (RegistryRows.Customer(session, customerId) is not { } customer)
            throw Registry.Unknown(Refusal.UnknownCustomer, "customer", customerId);
        if (customer.Revoked is null)
            throw new LedgerRefusedException(Refusal.CustomerActive, $"{customerId} is not revoked; revoke it before its secret is destroyed.");
        if (PeriodProofRows.Secret(session, customerId) is { } secret)
        {
            foreach (var (id, canonical) in PeriodProofRows.ItemsOf(session, customerId))
                PeriodProofRows.InsertErased(session, id, SumLeaf.Commit(SumLeaf.Salt(secret, id), canonical));
        }
        PeriodProofRows.Erase(session, customerId);
        LogRows.Append(session, LogEntry.Erasure.Of(customerId));
        transaction.Note("erase_customer_secret", customerId, customer, customer, LedgerJson.Default.Customer);
        return true;
    }

    private LogFolder? Log => LogFolderPath is { } path ? new(path) : null;

    private string DemandFolder() => _folder
        ?? throw new ProofException(ProofCheck.Format, "The ledger was opened without the folder of its keys.");

    /// <summary>The folder, and the log's key in it.</summary>
    private (string Folder, SigningKey Key) DemandLogKey()
    {
        var folder = DemandFolder();
        return _readers.Read(session => ReceiptSigner.HasLogKey(folder, DemandIdentity(session)))
            ? (folder, SigningKey.Read(ReceiptSigner.LogKeyPath(folder)))
            : throw new ProofException(
                ProofCheck.Format, $"The log's key is not in '{folder}': publish, certify and revoke where it is, or restore it.");
    }

    private static LogIdentity DemandIdentity(Session session) => ProofRows.Identity(session)
        ?? throw new ProofException(
            ProofCheck.Format, "The ledger has no log yet: open it once with the folder in which its keys are to be.");

    /// <summary>Computes what a closed period commits to and keeps it, unless that was done.</summary>
    private async Task CommitToPeriodAsync(Period period, CancellationToken cancellationToken)
    {
        if (_readers.Read(session => ProofRows.Identity(session) is null || PeriodProofRows.Record(session, period) is not null))
            return;
        await _writer.RunAsync(
            transaction =>
            {
                PeriodProofRows.PrepareSalts(transaction.Session, period, () => RandomNumberGenerator.GetBytes(Digest.Size));
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        var commitment = await Task.Run(() => _readers.Read(session => PeriodCommitment.Of(session, period)), cancellationToken)
            .ConfigureAwait(false);
        await SignReceiptsAsync(insists: true, cancellationToken).ConfigureAwait(false);
        bool isStored;
        do
        {
            // No transaction waits for a signer; a key that was replaced or revoked meanwhile has signed in vain.
            var key = _signer is null ? null : _readers.Read(_signer.KeyInUse);
            var signature = key is null
                ? null
                : await Task.Run(() => key.Key.Sign(commitment.Record.Encode()), cancellationToken).ConfigureAwait(false);
            isStored = await _writer.RunAsync(
                transaction => commitment.Store(transaction.Session, key, signature), cancellationToken).ConfigureAwait(false);
        }
        while (!isStored);
    }
}
