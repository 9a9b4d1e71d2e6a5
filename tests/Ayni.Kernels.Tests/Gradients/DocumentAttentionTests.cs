namespace Ayni.Kernels.Tests;

public sealed class DocumentAttentionTests
{
    private const int Heads = 4;
    private const int KeyValueHeads = 2;

    [Theory]
    [InlineData(6, 1000)]
    [InlineData(32, 1000)]
    [InlineData(8, 9)]
    public void Attention_is_that_of_the_definition(int headDim, int window)
    {
        int[] lengths = [1, 71, 72, 200];
        var tokens = lengths.Sum();
        var (documents, firsts) = Plan(lengths, window);
        var query = Numbers(tokens * Heads * headDim, 1);
        var key = Numbers(tokens * KeyValueHeads * headDim, 2);
        var value = Numbers(tokens * KeyValueHeads * headDim, 3);
        var attended = new float[query.Length];
        using var context = new ComputeContext(KernelTier.Simd, 2);
        new DocumentAttention(Heads, KeyValueHeads, headDim).Apply(query, key, value, documents, firsts, attended,
            new float[tokens * Heads], context);
        for (var token = 0; token < tokens; token++)
        {
            for (var head = 0; head < Heads; head++)
            {
                var other = head / (Heads / KeyValueHeads);
                var seen = Enumerable.Range(firsts[token], token + 1 - firsts[token]).ToArray();
                var weights = seen.Select(t => Math.Exp(Product(token * Heads + head,
                    t * KeyValueHeads + other) / Math.Sqrt(headDim))).ToArray();
                for (var i = 0; i < headDim; i++)
                {
                    var expected = seen.Zip(weights, (t, w) => w * value[(t * KeyValueHeads + other) * headDim + i]).Sum() / weights.Sum();
                    Assert.Equal(expected, attended[(token * Heads + head) * headDim + i], 1e-5);
                }
            }
        }

        double Product(int queryHead, int keyHead) =>
            Enumerable.Range(0, headDim).Sum(i => (double)query[queryHead * headDim + i] * key[keyHead * headDim + i]);
    }

    [Fact]
    public void Tokens_that_see_another_document_or_the_future_are_refused()
    {
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var attention = new DocumentAttention(1, 1, 2);
        var documents = new[] { new AttentionDocument(0, 2), new AttentionDocument(2, 2) };
        foreach (var firsts in (int[][])[[0, 0, 1, 2], [0, 0, 2, 4], [0, 1, 2, 1], [-1, 0, 2, 2]])
        {
            Assert.Throws<ArgumentException>(() =>
                attention.Apply(new float[8], new float[8], new float[8], documents, firsts, new float[8], new float[4], context));
        }
        Assert.Throws<ShapeMismatchException>(() =>
            attention.Apply(new float[8], new float[8], new float[8], [new(0, 3)], [0, 0, 0, 0], new float[8], new float[4], context));
    }

    private static (AttentionDocument[] Documents, int[] Firsts) Plan(int[] lengths, int window)
    {
        var documents = new List<AttentionDocument>();
        var firsts = new List<int>();
        foreach (var length in lengths)
        {
            var start = firsts.Count;
            documents.Add(new AttentionDocument(start, length));
            firsts.AddRange(Enumerable.Range(0, length).Select(i => start + Math.Max(0, i + 1 - window)));
        }
        return ([.. documents], [.. firsts]);
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
