namespace Ayni.Llama;

/// <summary>How a tokenizer's cache of words was used since the tokenizer was opened.</summary>
/// <param name="Lookups">Words that were looked up.</param>
/// <param name="Misses">Words that were not known, or no longer.</param>
/// <param name="Capacity">The most words it remembers.</param>
public readonly record struct WordCacheUse(long Lookups, long Misses, int Capacity)
{
    /// <summary>The share of words that were known; 0 before the first.</summary>
    public double HitRate => Lookups == 0 ? 0 : 1 - (double)Misses / Lookups;
}
