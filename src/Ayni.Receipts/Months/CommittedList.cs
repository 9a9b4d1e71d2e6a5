using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ayni.Receipts;

/// <summary>
/// Items in their order under one root. Each has a salt before it, so that who is shown one item can't find out others by guessing.
/// </summary>
internal sealed class CommittedList
{
    private readonly Digest[] _leaves;
    private readonly byte[][] _salts;

    /// <summary>Commits to items.</summary>
    /// <param name="items">Their bytes.</param>
    /// <param name="secret">What their salts are derived from.</param>
    /// <param name="period">The period.</param>
    /// <param name="name">Which of its lists.</param>
    public CommittedList(IReadOnlyList<byte[]> items, byte[] secret, Period period, PeriodListName name)
    {
        Items = items;
        _salts = [.. items.Select((_, index) => Salt(secret, period, name, index))];
        _leaves = [.. items.Select((item, index) => Leaf(_salts[index], item))];
        Commitment = new(items.Count, MerkleTree.Root(_leaves));
    }

    /// <summary>The items.</summary>
    public IReadOnlyList<byte[]> Items { get; }

    /// <summary>What is committed to.</summary>
    public PeriodList Commitment { get; }

    /// <summary>Proves an item.</summary>
    public ListProof Prove(int index) =>
        new(Items[index], _salts[index], index, [.. MerkleTree.Path<Digest>(_leaves, index, MerkleTree.Join)]);

    /// <summary>An item with its salt, for a reader who has all others, too.</summary>
    public (byte[] Item, byte[] Salt) Opened(int index) => (Items[index], _salts[index]);

    /// <summary>An item's leaf.</summary>
    public static Digest Leaf(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> item) => MerkleTree.Leaf([.. salt, .. item]);

    private static byte[] Salt(byte[] secret, Period period, PeriodListName name, int index)
    {
        Span<byte> place = stackalloc byte[16];
        "list"u8.CopyTo(place);
        BinaryPrimitives.WriteInt32BigEndian(place[4..], period.Year * 12 + period.Month);
        BinaryPrimitives.WriteInt32BigEndian(place[8..], (int)name);
        BinaryPrimitives.WriteInt32BigEndian(place[12..], index);
        return HMACSHA256.HashData(secret, place)[..SumLeaf.SaltBytes];
    }
}

/// <summary>Proves that an item is in a period's list.</summary>
/// <param name="Item">Its bytes.</param>
/// <param name="Salt">What stands before it in its leaf.</param>
/// <param name="Index">Its place, from 0.</param>
/// <param name="Path">The hashes beside the way to the root, from the leaf upwards.</param>
internal sealed record ListProof(byte[] Item, byte[] Salt, long Index, Digest[] Path)
{
    /// <summary>Demands that the item is where it says in the list that is committed to.</summary>
    public void Demand(PeriodList list, string what, ProofChecks checks)
    {
        var climbs = MerkleTree.TryClimb<Digest>(CommittedList.Leaf(Salt, Item), Index, list.Count, Path, MerkleTree.Join, out var root);
        checks.Demand(ProofCheck.List, climbs && root == list.Root, $"The {what} is not the one that the period commits to.");
    }

    public static ListProof Parse(JsonElement value)
    {
        var salt = value.BytesField("salt");
        ProofChecks.All.Demand(ProofCheck.Format, salt.Length == SumLeaf.SaltBytes, $"A salt has {SumLeaf.SaltBytes} bytes.");
        return new(value.BytesField("item"), salt, value.NumberField("index"), value.HashesField("path"));
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBase64String("item", Item);
        writer.WriteBase64String("salt", Salt);
        writer.WriteNumber("index", Index);
        writer.WriteBase64String("path", ProofFormat.Bytes(Path));
        writer.WriteEndObject();
    }
}
