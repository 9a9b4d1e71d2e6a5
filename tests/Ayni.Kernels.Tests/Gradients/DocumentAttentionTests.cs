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

    [Theory]
    [InlineData(6, 1000)]
    [InlineData(32, 1000)]
    [InlineData(40, 50)]
    public void Gradients_are_those_of_the_definition_with_every_tile(int headDim, int window)
    {
        int[] lengths = [1, 35, 200];
        var tokens = lengths.Sum();
        var (documents, firsts) = Plan(lengths, window);
        var query = Numbers(tokens * Heads * headDim, 1);
        var key = Numbers(tokens * KeyValueHeads * headDim, 2);
        var value = Numbers(tokens * KeyValueHeads * headDim, 3);
        var gradient = Numbers(query.Length, 4);
        var expected = Gradients(query, key, value, gradient, firsts, headDim);
        foreach (var precision in Enum.GetValues<ProductPrecision>())
        {
            foreach (var tier in (KernelTier[])[KernelTier.Simd, ComputeContext.BestTier])
            {
                using var context = new ComputeContext(tier, 2);
                var attention = new DocumentAttention(Heads, KeyValueHeads, headDim, precision);
                var (attended, logSums) = (new float[query.Length], new float[tokens * Heads]);
                attention.Apply(query, key, value, documents, firsts, attended, logSums, context);
                float[][] actual = [new float[query.Length], new float[key.Length], new float[key.Length]];
                attention.ApplyGradient(
                    query, key, value, documents, firsts, attended, logSums, gradient, actual[0], actual[1], actual[2], context);
                AssertClose(expected, actual, precision);
            }
        }
        AssertClose(expected, RunNarrow(query, key, value, gradient, documents, firsts, headDim), ProductPrecision.F32);
    }

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(40, 1000)]
    [InlineData(40, 60)]
    public void A_softmax_follows_scores_that_grow(float sharpness, int window)
    {
        const int HeadDim = 24;
        int[] lengths = [3, 533];
        var tokens = lengths.Sum();
        var (documents, firsts) = Plan(lengths, window);
        // Every key is a little longer than those before, so that the largest score is always among the latest.
        var query = Rounded(Numbers(tokens * Heads * HeadDim, 1).Select(x => sharpness * (1 + x / 2)));
        var key = Rounded(Numbers(tokens * KeyValueHeads * HeadDim, 2).Select((x, i) => 1 + x / 8 + i / (KeyValueHeads * HeadDim) / 128f));
        var value = Numbers(tokens * KeyValueHeads * HeadDim, 3);
        float[][] results = [.. ((ProductPrecision[])[ProductPrecision.F32, ProductPrecision.BF16]).Select(precision =>
        {
            using var context = new ComputeContext(ComputeContext.BestTier, 2);
            var (attended, logSums) = (new float[query.Length], new float[tokens * Heads]);
            new DocumentAttention(Heads, KeyValueHeads, HeadDim, precision).Apply(
                query, key, value, documents, firsts, attended, logSums, context);
            return attended.Concat(logSums.Select(sum => sum / sharpness)).ToArray();
        })];
        for (var i = 0; i < results[0].Length; i++)
            Assert.Equal(results[0][i], results[1][i], 0.01);

        static float[] Rounded(IEnumerable<float> values) =>
            [.. values.Select(x => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x) & ~0xffff))];
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        var (documents, firsts) = Plan([130, 7, 300], 1000);
        var query = Numbers(437 * Heads * 16, 1);
        var key = Numbers(437 * KeyValueHeads * 16, 2);
        float[][] results = [.. ((int[])[1, 2, 3, 5]).Select(threads =>
        {
            using var context = new ComputeContext(ComputeContext.BestTier, threads);
            var attention = new DocumentAttention(Heads, KeyValueHeads, 16, ProductPrecision.BF16);
            var (attended, logSums) = (new float[query.Length], new float[437 * Heads]);
            attention.Apply(query, key, key, documents, firsts, attended, logSums, context);
            float[][] gradients = [new float[query.Length], new float[key.Length], new float[key.Length]];
            attention.ApplyGradient(
                query, key, key, documents, firsts, attended, logSums, query, gradients[0], gradients[1], gradients[2], context);
            return gradients.Prepend(attended).SelectMany(values => values).ToArray();
        })];
        Assert.All(results, result => Assert.Equal(results[0], result));
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

    /// <summary>The gradients by the narrow tile, which a processor with wide vectors does not take by itself.</summary>
    private static unsafe float[][] RunNarrow(
        float[] query, float[] key, float[] value, float[] gradient, AttentionDocument[] documents, int[] firsts, int headDim)
    {
        var (attended, logSums) = (new float[query.Length], new float[firsts.Length * Heads]);
        float[][] results = [new float[query.Length], new float[key.Length], new float[key.Length]];
        fixed (float* q = query, k = key, v = value, g = gradient, a = attended, sums = logSums)
        fixed (float* qs = results[0], ks = results[1], vs = results[2])
        fixed (int* first = firsts)
        {
            foreach (var isBackward in (bool[])[false, true])
            {
                var operands = new AttentionOperands
                {
                    HeadCount = Heads,
                    KeyValueHeadCount = KeyValueHeads,
                    HeadDim = headDim,
                    Query = q,
                    Key = k,
                    Value = v,
                    Firsts = first,
                    Attended = a,
                    LogSums = sums,
                    AttendedGradient = isBackward ? g : null,
                    QueryGradient = qs,
                    KeyGradient = ks,
                    ValueGradient = vs,
                };
                foreach (var document in documents)
                {
                    var length = new AttentionScratch<ProductTile256, TileScores<ProductTile256>>(null, headDim, document.Length, isBackward).Length;
                    using var memory = new NativeBuffer(length * sizeof(float));
                    var scratch = new AttentionScratch<ProductTile256, TileScores<ProductTile256>>(
                        (float*)memory.Pointer, headDim, document.Length, isBackward);
                    for (var head = 0; head < KeyValueHeads; head++)
                    {
                        var attention = new HeadAttention<ProductTile256, TileScores<ProductTile256>>(
                            in operands, default, document, head, default, scratch);
                        if (isBackward)
                            attention.AddGradients();
                        else
                            attention.Attend();
                    }
                }
            }
        }
        return results;
    }

    /// <summary>The gradients of query, key and value in double precision.</summary>
    private static double[][] Gradients(float[] query, float[] key, float[] value, float[] gradient, int[] firsts, int headDim)
    {
        double[][] results = [new double[query.Length], new double[key.Length], new double[key.Length]];
        var scale = 1 / Math.Sqrt(headDim);
        for (var token = 0; token < firsts.Length; token++)
        {
            for (var head = 0; head < Heads; head++)
            {
                var at = (token * Heads + head) * headDim;
                var seen = Enumerable.Range(firsts[token], token + 1 - firsts[token])
                    .Select(t => (t * KeyValueHeads + head / (Heads / KeyValueHeads)) * headDim).ToArray();
                var weights = seen.Select(k => Math.Exp(scale * Dot(query, at, key, k))).ToArray();
                var total = weights.Sum();
                var slopes = seen.Select(v => Dot(gradient, at, value, v)).ToArray();
                var common = slopes.Zip(weights, (slope, weight) => slope * weight / total).Sum();
                for (var j = 0; j < seen.Length; j++)
                {
                    var p = weights[j] / total;
                    for (var i = 0; i < headDim; i++)
                    {
                        results[0][at + i] += p * scale * (slopes[j] - common) * key[seen[j] + i];
                        results[1][seen[j] + i] += p * scale * (slopes[j] - common) * query[at + i];
                        results[2][seen[j] + i] += p * gradient[at + i];
                    }
                }
            }
        }
        return results;

        double Dot(float[] a, int i, float[] b, int j) => Enumerable.Range(0, headDim).Sum(d => (double)a[i + d] * b[j + d]);
    }

    private static void AssertClose(double[][] expected, float[][] actual, ProductPrecision precision)
    {
        for (var part = 0; part < expected.Length; part++)
        {
            // Eight significant bits, each way.
            var tolerance = precision == ProductPrecision.BF16 ? 0.01 * expected[part].Max(Math.Abs) : 1e-5;
            for (var i = 0; i < expected[part].Length; i++)
                Assert.InRange(actual[part][i], expected[part][i] - tolerance, expected[part][i] + tolerance);
        }
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
