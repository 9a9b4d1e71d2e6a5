using System.Collections;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Ayni.Ledger.Tests;

/// <summary>
/// The same verification a second time, written from docs/proof.md alone in another style: byte strings and recursion over whole trees'
/// shapes, <see cref="BigInteger"/> for sums, no type of the ledger's. It says what is wrong, or nothing.
/// </summary>
internal static class IndependentVerifier
{
    public static string? Wrong(string json, string logKey)
    {
        try
        {
            var view = JsonNode.Parse(json)!.AsObject();
            var proof = view["proof"]!.AsObject();
            var receipt = Fields(Bytes(proof, "canonical"));
            var (name, key) = (logKey.Split('+')[0], Convert.FromBase64String(logKey.Split('+', 3)[2])[1..]);
            return Shown(view, receipt) ?? Signed(proof, name, key) ?? Batched(proof, name)
                ?? (proof["log"] is JsonObject log ? Logged(proof, log, name, key) : null)
                ?? (proof["period"] is JsonObject period ? Counted(proof, period, receipt, name, key) : null);
        }
        catch (Exception error)
        {
            return $"unreadable: {error.GetType().Name}";
        }
    }

    // The receipt.

    private static Dictionary<string, object> Fields(byte[] canonical)
    {
        var at = 0;
        byte[] Take(int count) => canonical[at..(at += count)];
        long Number() => (long)Unsigned(Take(8));
        string Text() => Encoding.UTF8.GetString(Take((int)Unsigned(Take(2))));
        var fields = new Dictionary<string, object>();
        if (!Take(16).SequenceEqual("ayni/receipt/v1\0"u8.ToArray()))
            throw new FormatException();
        foreach (var text in new[] { "id", "request_id", "key_id" })
            fields[text] = Text();
        fields["key_number"] = Number();
        fields["previous_hash"] = Convert.ToHexStringLower(Take(32));
        _ = Number();
        fields["period"] = Encoding.ASCII.GetString(Take(7));
        if (Take(1)[0] == 1)
            fields["meter_id"] = Text();
        fields["model"] = Text();
        fields["model_digest"] = Convert.ToHexStringLower(Take(32));
        if (Take(1)[0] == 1)
            _ = (Text(), Take(32));
        if (Take(1)[0] == 1)
            fields["app_id"] = Text();
        fields["customer_id"] = Text();
        foreach (var count in new[] { "prompt", "cached", "generated", "speculative_rejected" })
            fields[count] = Number();
        _ = Take(1);
        fields["price_version"] = Number();
        fields["agreement_version"] = Number();
        fields["currency"] = Encoding.ASCII.GetString(Take(3));
        fields["units"] = Unsigned(Take(16));
        return at == canonical.Length ? fields : throw new FormatException();
    }

    private static string? Shown(JsonObject view, Dictionary<string, object> receipt)
    {
        foreach (var text in new[] { "id", "request_id", "key_id", "previous_hash", "period", "model", "model_digest", "customer_id", "currency" })
        {
            if (view[text]!.GetValue<string>() != (string)receipt[text])
                return $"it shows another {text}";
        }
        foreach (var count in new[] { "prompt", "cached", "generated", "speculative_rejected" })
        {
            if (view["counts"]![count]!.GetValue<long>() != (long)receipt[count])
                return $"it shows another {count}";
        }
        var digits = view["charge"]!.GetValue<string>().Split('.');
        var units = BigInteger.Parse(digits[0] + (digits.ElementAtOrDefault(1) ?? "").PadRight(12, '0'), System.Globalization.CultureInfo.InvariantCulture);
        return units == (BigInteger)receipt["units"] ? null : "it shows another charge";
    }

    // The group commit.

    private static string? Signed(JsonObject proof, string name, byte[] logKey)
    {
        var certificate = Bytes(proof, "certificate");
        var body = certificate[..^64];
        var expected = Concat("ayni/key/v2\0\0\0\0\0"u8.ToArray(), Text(name));
        if (!body.AsSpan().StartsWith(expected) || body.Length < expected.Length + 2)
            return "the signing key is not the log's";
        // The host's name, whatever it is, then the key, when it was certified, and the promise.
        var key = expected.Length + 2 + (int)Unsigned(body[expected.Length..(expected.Length + 2)]);
        if (body.Length != key + 32 + 8 + 8 || !Ed25519(logKey, body, certificate[^64..]))
            return "the signing key is not the log's";
        var (signed, signature) = proof.ContainsKey("batch") ? ("batch", "signature") : ("record", "signature");
        return Ed25519(body[key..(key + 32)], Bytes(proof, signed), Bytes(proof, signature)) ? null : $"the {signed} is not signed";
    }

    private static string? Batched(JsonObject proof, string name)
    {
        var head = Concat("ayni/batch/v1\0\0\0"u8.ToArray(), Text(name));
        var batch = Bytes(proof, "batch");
        if (!batch.AsSpan().StartsWith(head))
            return "the batch is another log's";
        var rest = batch[head.Length..];
        var leaf = Sha(0, Sha256(Bytes(proof, "canonical")));
        return Root(leaf, Index(proof), (long)Unsigned(rest[24..32]), new Queue(Pieces(Bytes(proof, "path"), 32))) is byte[] root && Equal(root, rest[32..])
            ? null : "the receipt is not in the batch";
    }

    // The log.

    private static string? Logged(JsonObject proof, JsonObject log, string name, byte[] key)
    {
        var entry = Bytes(log, "entry");
        var batch = Bytes(proof, "batch");
        var number = (long)Unsigned(batch[(18 + Encoding.UTF8.GetByteCount(name))..][..8]);
        if (!entry.AsSpan().StartsWith("ayni/log/v1\0\0\0\0\0\u0001"u8) || (long)Unsigned(entry[17..25]) + Index(log) != number)
            return "the entry is not the batch's";
        var root = Root(Sha(0, Sha256(batch)), Index(log), (long)Unsigned(entry[25..33]), new Queue(Pieces(Bytes(log, "path"), 32)));
        return root is not null && Equal(root, entry[33..]) ? InLog(log, entry, name, key) : "the batch is not in the entry";
    }

    private static string? InLog(JsonObject log, byte[] entry, string name, byte[] key)
    {
        var text = log["tlog_proof"]!.GetValue<string>();
        var cut = text.IndexOf("\n\n", StringComparison.Ordinal);
        var (lines, note) = (text[..cut].Split('\n'), text[(cut + 2)..]);
        var body = note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 1)];
        var head = body.Split('\n');
        var signature = note[body.Length..].Split('\n').Where(line => line.StartsWith($"\u2014 {name} ", StringComparison.Ordinal))
            .Select(line => Convert.FromBase64String(line.Split(' ')[2])).First();
        var id = Sha256(Concat(Encoding.UTF8.GetBytes(name), [10, 1], key))[..4];
        if (head[0] != name || !Equal(id, signature[..4]) || !Ed25519(key, Encoding.UTF8.GetBytes(body), signature[4..]))
            return "the checkpoint is not the log's";
        var path = new Queue(lines[2..].Select(Convert.FromBase64String).ToArray());
        var root = Root(Sha(0, entry), long.Parse(lines[1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture),
            long.Parse(head[1], System.Globalization.CultureInfo.InvariantCulture), path);
        return root is not null && Equal(root, Convert.FromBase64String(head[2])) ? null : "the entry is not in the log";
    }

    // The month.

    private static string? Counted(JsonObject proof, JsonObject period, Dictionary<string, object> receipt, string name, byte[] key)
    {
        if (Signed(period, name, key) is { } wrong)
            return wrong;
        if (period["tlog_proof"] is not null)
        {
            var entry = Bytes(period, "entry");
            var expected = Concat("ayni/log/v1\0\0\0\0\0\u0002"u8.ToArray(), Encoding.ASCII.GetBytes((string)receipt["period"]), Sha256(Bytes(period, "record")));
            if (!Equal(entry, expected) || InLog(period, entry, name, key) is not null)
                return "the log does not hold the record";
        }
        var record = Bytes(period, "record");
        var at = 16 + 2 + Encoding.UTF8.GetByteCount(name) + 7 + 8 + 32;
        byte[]? root = null;
        var trees = record[at++];
        for (var i = 0; i < trees; i++, at += 85)
        {
            if (Encoding.ASCII.GetString(record, at, 3) == (string)receipt["currency"] && record[at + 3] == 0)
                root = record[(at + 4)..(at + 85)];
        }
        var sum = Bytes(period, "sum");
        var (salt, index, count) = (sum[20..36], (long)Unsigned(sum[36..41]), (long)Unsigned(sum[41..46]));
        if (!Equal(sum[..20], Concat("ayni/sum/v1\0\0\0\0\0"u8.ToArray(), Encoding.ASCII.GetBytes((string)receipt["currency"]), [0])))
            return "its proof of a sum is of another tree";
        var nodes = Pieces(sum[47..], 81);
        if (root is null || nodes.Length != sum[46] || !nodes.Append(root).All(node => InRange(node[32..])))
            return "its sums are out of range";
        var commitment = Sha256(Concat("ayni/leaf/v1\0\0\0\0"u8.ToArray(), salt, Bytes(proof, "canonical")));
        var sums = Concat(Width(1, 5), Width((long)receipt["prompt"], 7), Width((long)receipt["cached"], 7), Width((long)receipt["generated"], 7),
            Width((long)receipt["speculative_rejected"], 7), Width((BigInteger)receipt["units"], 16));
        var leafId = Encoding.ASCII.GetBytes((string)receipt["id"]);
        var leaf = Concat(Sha(0, Concat(sums, [(byte)leafId.Length], leafId, commitment)), sums);
        var reached = Root(leaf, index, count, new Queue(nodes), (left, right) => Concat(Sha(1, Concat(left, right)), Add(left[32..], right[32..])));
        if (reached is null || !Equal(reached, root) || Unsigned(root[32..37]) != count)
            return "the month did not count it";
        var tail = period["tail"]!.AsObject();
        at++;
        var tails = Root(Sha(0, Concat(Bytes(tail, "salt"), Bytes(tail, "item"))), Index(tail), (long)Unsigned(record[at..(at + 8)]),
            new Queue(Pieces(Bytes(tail, "path"), 32)));
        if (tails is null || !Equal(tails, record[(at + 8)..(at + 40)]))
            return "the key's end is another";
        var last = (long)Unsigned(Bytes(tail, "item")[^40..^32]);
        return last >= (long)receipt["key_number"] ? null : "the key ended before it";
    }

    private static bool InRange(byte[] sums) => sums[^16] < 0x80 && Unsigned(sums[^16..]) < BigInteger.Pow(10, 38);

    private static byte[] Add(byte[] left, byte[] right)
    {
        byte[] sums = [];
        var at = 0;
        foreach (var width in new[] { 5, 7, 7, 7, 7, 16 })
        {
            sums = Concat(sums, Width(Unsigned(left[at..(at + width)]) + Unsigned(right[at..(at + width)]), width));
            at += width;
        }
        return InRange(sums) ? sums : throw new OverflowException();
    }

    // Trees: a tree of so many leaves is one of the largest power of two below that, and the rest.

    private static byte[]? Root(byte[] leaf, long index, long count, Queue path) => Root(leaf, index, count, path, (left, right) => Sha(1, Concat(left, right)));

    private static byte[]? Root(byte[] leaf, long index, long count, Queue path, Func<byte[], byte[], byte[]> join)
    {
        var root = index < 0 || index >= count || count > 1L << 40 ? null : Down(index, count);
        return path.Count == 0 ? root : null;

        byte[] Down(long place, long size)
        {
            if (size == 1)
                return leaf;
            long half = 1;
            while (half * 2 < size)
                half *= 2;
            if (place < half)
            {
                var left = Down(place, half);
                return join(left, (byte[])path.Dequeue()!);
            }
            var right = Down(place - half, size - half);
            return join((byte[])path.Dequeue()!, right);
        }
    }

    // Bytes.

    private static byte[] Bytes(JsonObject node, string name) => Convert.FromBase64String(node[name]!.GetValue<string>());

    private static long Index(JsonObject node) => node["index"]!.GetValue<long>();

    private static byte[] Concat(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[][] Pieces(byte[] bytes, int size) => bytes.Length % size == 0 ? [.. bytes.Chunk(size)] : throw new FormatException();

    private static byte[] Text(string text) => Concat(Width(Encoding.UTF8.GetByteCount(text), 2), Encoding.UTF8.GetBytes(text));

    private static byte[] Width(BigInteger value, int width)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return bytes.Length <= width ? Concat(new byte[width - bytes.Length], bytes) : throw new OverflowException();
    }

    private static BigInteger Unsigned(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static bool Equal(byte[] left, byte[] right) => left.SequenceEqual(right);

    private static byte[] Sha256(byte[] bytes) => SHA256.HashData(bytes);

    private static byte[] Sha(byte prefix, byte[] bytes) => SHA256.HashData(Concat([prefix], bytes));

    private static bool Ed25519(byte[] key, byte[] message, byte[] signature)
    {
        var signer = new Ed25519Signer();
        signer.Init(false, new Ed25519PublicKeyParameters(key));
        signer.BlockUpdate(message, 0, message.Length);
        return signer.VerifySignature(signature);
    }
}
