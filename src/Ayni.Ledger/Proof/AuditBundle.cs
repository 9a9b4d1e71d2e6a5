using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>
/// Everything a closed period's record commits to, in a folder that an auditor takes elsewhere: the record with its signature and the log's
/// proof, every list with its salts, and every leaf of the trees with what opens it.
/// <code>
/// bundle.json    { version: 1, record, signature, certificate, entry?, tlog_proof?, previous?, later_agreements }: bytes in base64;
/// previous is the
///                hash's record; the agreements are those that take effect after the month
/// lists.json     { key_tails, gross, deductions, splits, totals, agreements, statements, collections, carried, facts }: each [{ item, salt
/// }] leaves.bin     the leaves of each tree in order: 0 and an opened receipt, 1 and an opened adjustment, each followed by its salt (16),
/// length (4,
///                big-endian) and bytes; or 2 and one whose customer was erased: currency (3), kind (1), sums (49), commitment (32), its id
/// (length
///                (1) and ASCII), and its link in its key's series, or for an adjustment its customer's id
/// objections.json  { objections: [{ id, subject, reference, period, raised_by, steps }] } that were raised about it until now; none if it
/// is missing between.bin    receipts that keys' numbers pass over because they count in another month: 0, length (4) and bytes; or 2 and
/// the link of one whose
///                customer was erased
/// </code>
/// </summary>
internal static class AuditBundle
{
    public const string RecordFile = "bundle.json", ListsFile = "lists.json", LeavesFile = "leaves.bin", BetweenFile = "between.bin", ObjectionsFile = "objections.json";

    public const byte Receipt = 0, Adjustment = 1, Erased = 2;

    /// <summary>Bytes of the longest item of a list or leaf.</summary>
    public const int MostItemBytes = 16 << 20;

    /// <summary>A list's name in <c>lists.json</c>.</summary>
    public static string NameOf(PeriodListName name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name.ToString());

    /// <summary>Writes a closed period's bundle into a folder that is empty or not there. Reads the whole period.</summary>
    public static void Write(Session session, Prover prover, Period period, string folder)
    {
        Directory.CreateDirectory(folder);
        if (Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"'{folder}' is not empty; name another folder.");
        var row = prover.DemandSigned(period);
        var commitment = PeriodCommitment.Of(session, period);
        WriteJson(Path.Combine(folder, RecordFile), writer =>
        {
            writer.WriteNumber("version", 1);
            writer.WriteBase64String("record", row.Canonical);
            writer.WriteBase64String("signature", row.Signature);
            writer.WriteBase64String("certificate", row.Certificate);
            prover.ProveEntry(LogRows.Find(session, "period", period.ToString()))?.WriteFields(writer);
            if (PeriodProofRows.RecordBefore(session, period) is { } before)
                writer.WriteBase64String("previous", before.Canonical);
            writer.WriteStartArray("later_agreements");
            foreach (var agreement in TermRows.Agreements(session).Where(agreement => agreement.EffectiveFrom >= commitment.Record.End))
                writer.WriteBase64StringValue(AgreementItem.Of(agreement).Encode());
            writer.WriteEndArray();
        });
        WriteJson(Path.Combine(folder, ListsFile), writer =>
        {
            foreach (var name in Enum.GetValues<PeriodListName>())
            {
                writer.WriteStartArray(NameOf(name));
                foreach (var proof in Enumerable.Range(0, commitment[name].Items.Count).Select(commitment[name].Opened))
                {
                    writer.WriteStartObject();
                    writer.WriteBase64String("item", proof.Item);
                    writer.WriteBase64String("salt", proof.Salt);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
            }
        });
        WriteJson(Path.Combine(folder, ObjectionsFile), writer =>
        {
            writer.WriteStartArray("objections");
            foreach (var objection in ObjectionRows.All(session, period))
                writer.WriteRawValue(objection.Encode());
            writer.WriteEndArray();
        });
        WriteLeaves(session, period, Path.Combine(folder, LeavesFile));
        WriteBetween(session, period, commitment.Tails, Path.Combine(folder, BetweenFile));
    }

    private static void WriteBetween(Session session, Period period, IReadOnlyList<KeyTail> tails, string path)
    {
        var secrets = PeriodProofRows.Secrets(session);
        using var writer = new BinaryWriter(File.Create(path));
        foreach (var canonical in tails.SelectMany(tail => PeriodProofRows.Between(session, period, tail)))
        {
            var receipt = ReceiptFormat.Decode(canonical);
            if (secrets.ContainsKey(receipt.CustomerId))
            {
                writer.Write(Receipt);
                WriteBytes(writer, canonical);
            }
            else
            {
                writer.Write(Erased);
                ReceiptLink.Of(receipt, Digest.Of(canonical)).WriteTo(writer);
            }
        }
    }

    public static void WriteOpened(BinaryWriter writer, byte kind, byte[] salt, byte[] canonical)
    {
        writer.Write(kind);
        writer.Write(salt);
        WriteBytes(writer, canonical);
    }

    public static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        writer.Write(length);
        writer.Write(bytes);
    }

    private static void WriteLeaves(Session session, Period period, string path)
    {
        var secrets = PeriodProofRows.Secrets(session);
        var erased = PeriodProofRows.ErasedIn(session, period);
        using var writer = new BinaryWriter(File.Create(path));
        PeriodProofRows.ForEachReceipt(session, period, null, null, canonical =>
        {
            var receipt = ReceiptFormat.Decode(canonical);
            if (erased.TryGetValue(receipt.Id, out var commitment))
                WriteErased(writer, receipt, Digest.Of(canonical), commitment);
            else
                WriteOpened(writer, Receipt, SumLeaf.Salt(secrets[receipt.CustomerId], receipt.Id), canonical);
        });
        foreach (var adjustment in AdjustmentRows.Of(session, period))
        {
            var id = AdjustmentItem.IdOf(adjustment);
            if (PeriodProofRows.Erased(session, id) is { } commitment)
                WriteErased(writer, adjustment, commitment);
            else
                WriteOpened(writer, Adjustment, SumLeaf.Salt(secrets[adjustment.CustomerId], id), AdjustmentItem.Encode(adjustment));
        }
    }

    public static void WriteErased(BinaryWriter writer, Receipt receipt, Digest hash, Digest commitment)
    {
        WriteErased(writer, receipt.Currency, SumTreeKind.Receipts, SumLeaf.Of(receipt, commitment));
        ReceiptLink.Of(receipt, hash).WriteTo(writer);
    }

    private static void WriteErased(BinaryWriter writer, Adjustment adjustment, Digest commitment)
    {
        WriteErased(writer, adjustment.Currency, AdjustmentItem.KindOf(adjustment), AdjustmentItem.Leaf(adjustment, commitment));
        WriteText(writer, adjustment.CustomerId);
    }

    private static void WriteErased(BinaryWriter writer, Currency currency, SumTreeKind kind, SumLeaf leaf)
    {
        Span<byte> sums = stackalloc byte[Sums.Size];
        leaf.Sums.WriteTo(sums);
        writer.Write(Erased);
        writer.Write(Encoding.ASCII.GetBytes(currency.Code));
        writer.Write((byte)kind);
        writer.Write(sums);
        writer.Write(leaf.Commitment.ToBytes());
        WriteText(writer, leaf.Id);
    }

    public static void WriteText(BinaryWriter writer, string text)
    {
        writer.Write((byte)text.Length);
        writer.Write(Encoding.ASCII.GetBytes(text));
    }

    public static void WriteNumber(BinaryWriter writer, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        writer.Write(bytes);
    }

    private static void WriteJson(string path, Action<Utf8JsonWriter> write)
    {
        using var stream = File.Create(path);
        using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
    }
}
