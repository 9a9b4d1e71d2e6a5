namespace Ayni.Training;

/// <summary>Which documents of a source are learned and which are kept for validation.</summary>
/// <param name="Training">Numbers of documents, ascending.</param>
/// <param name="Validation">Numbers of documents, ascending.</param>
internal sealed record DataSplit(IReadOnlyList<int> Training, IReadOnlyList<int> Validation)
{
    /// <summary>
    /// Splits documents by a hash of their tokens, so that copies of one are on the same side and adding documents moves few others.
    /// </summary>
    /// <param name="shard">Where they are.</param>
    /// <param name="first">The first document's number.</param>
    /// <param name="count">Documents.</param>
    /// <param name="share">The part to be kept for validation; above 0 it is one document at least, unless none would be left.</param>
    public static DataSplit Of(ShardFile shard, int first, int count, double share)
    {
        var all = Enumerable.Range(first, count);
        if (share <= 0)
            return new DataSplit([.. all], []);
        var hashes = all.Select(document => (Document: document, Hash: HashOf(shard, document))).OrderBy(item => item.Hash).ToArray();
        var limit = hashes[Math.Clamp((int)Math.Ceiling(share * count), 1, count) - 1].Hash;
        var sides = hashes.OrderBy(item => item.Document).ToLookup(item => item.Hash <= limit, item => item.Document);
        return sides[false].Any() ? new DataSplit([.. sides[false]], [.. sides[true]]) : new DataSplit([.. all], []);
    }

    private static ulong HashOf(ShardFile shard, int document)
    {
        var (start, length) = shard.Document(document);
        var hash = (ulong)length;
        foreach (var id in shard.Read(start, length).Ids)
            hash = Permutation.Mix(hash, (ulong)id);
        return hash;
    }
}
