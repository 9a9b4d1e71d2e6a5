using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ayni.Kernels.Tests;

/// <summary>
/// Attention over a cache of every type: against the scalar reference on the same stored bits, and against itself in other batches.
/// </summary>
public sealed class AttentionTests : IDisposable
{
    private const int Blocks = 13;

    private readonly ComputeContext _scalar = new(KernelTier.Scalar, 1);
    private readonly ComputeContext _simd = new(KernelTier.Simd, 2);
    private readonly Random _random = new(5);

    // The blocks of a text of 160 tokens, then those of one whose first two blocks are gone.
    private readonly int[] _table = [3, 0, 5, 1, 4, 11, 7, 2, 9, 12, 6, 8, 10];

    public static TheoryData<CacheType> Types => [.. Enum.GetValues<CacheType>()];

    public void Dispose()
    {
        _scalar.Dispose();
        _simd.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Tiles_agree_with_the_textbook_over_all_remainders(CacheType type)
    {
        foreach (var headDim in (int[])[5, 8, 12, 24, 32, 40, 64, 80, 96, 128, 256])
        {
            if (type == CacheType.Q8_0 && headDim % 32 != 0)
                continue;
            foreach (var group in headDim == 32 ? [1, 2, 3, 4, 5, 6, 7, 8] : (int[])[headDim % 3 + 1])
            {
                var shape = new AttentionShape(2 * group, 2, headDim);
                using var cache = Filled(shape, type);
                var spans = Spans();
                var query = Array.ConvertAll(RandomWeights.Floats(_random, spans.Length * shape.HeadCount * headDim), x => 4 * x);
                var expected = Attend(query, cache, spans, _scalar);
                var actual = Attend(query, cache, spans, _simd);
                for (var i = 0; i < expected.Length; i++)
                    Assert.True(MathF.Abs(expected[i] - actual[i]) <= 5e-6f, $"{headDim} in groups of {group}, [{i}] expected {expected[i]}, got {actual[i]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_token_s_bits_do_not_depend_on_its_batch(CacheType type)
    {
        foreach (var (heads, keyValueHeads, headDim) in ((int, int, int)[])[(2, 2, 32), (3, 1, 64), (8, 1, 32)])
        {
            var shape = new AttentionShape(heads, keyValueHeads, headDim);
            using var cache = Filled(shape, type);
            var spans = Spans();
            var width = heads * headDim;
            var query = Array.ConvertAll(RandomWeights.Floats(_random, spans.Length * width), x => 4 * x);
            var together = Attend(query, cache, spans, _simd);
            for (var token = 0; token < spans.Length; token++)
                AssertSameBits(together.AsSpan(token * width, width), Attend(query.AsSpan(token * width, width), cache, spans.AsSpan(token, 1), _simd));
            for (var threads = 1; threads <= 5; threads += 2)
            {
                using var context = new ComputeContext(KernelTier.Simd, threads);
                for (var start = 0; start < spans.Length; start += 7)
                {
                    var count = Math.Min(7, spans.Length - start);
                    var part = Attend(query.AsSpan(start * width, count * width), cache, spans.AsSpan(start, count), context);
                    AssertSameBits(together.AsSpan(start * width, count * width), part);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_a_token_does_not_attend_to_may_hold_anything(CacheType type)
    {
        var shape = new AttentionShape(4, 2, 64);
        using var cache = Filled(shape, type);
        var spans = Enumerable.Range(20, 17).Select(end => new AttentionSpan(0, end - 9, end)).ToArray();
        var query = RandomWeights.Floats(_random, spans.Length * 4 * 64);
        var expected = Attend(query, cache, spans, _simd);
        var damaged = Enumerable.Repeat(float.NaN, 2 * 64).ToArray();
        foreach (var slot in (int[])[2, 9, 10, 36, 37, 47, 48])
            cache.Write([_table[slot / 16]], [slot % 16], damaged, damaged, _simd);
        Assert.All(expected, value => Assert.True(float.IsFinite(value)));
        AssertSameBits(expected, Attend(query, cache, spans, _simd));

        // The last token attends to a slot that is damaged now, and shows it.
        cache.Write([_table[34 / 16]], [34 % 16], damaged, damaged, _simd);
        Assert.All(Attend(query, cache, spans, _simd)[^(4 * 64)..], value => Assert.True(float.IsNaN(value)));
        AssertSameBits(expected.AsSpan(0, 15 * 4 * 64), Attend(query, cache, spans, _simd).AsSpan(0, 15 * 4 * 64));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_token_that_attends_to_one_slot_gets_its_value_rounded(CacheType type)
    {
        const int HeadDim = 64;
        var shape = new AttentionShape(1, 1, HeadDim);
        foreach (var scale in (float[])[1, 1e-8f, 1e-5f, 1e-4f, 1000, 60_000])
        {
            using var cache = Filled(shape, type);
            var value = Array.ConvertAll(RandomWeights.Floats(_random, HeadDim), x => x * scale);
            (value[3], value[40]) = (0, -0f);
            cache.Write([2], [15], new float[HeadDim], value, _simd);
            AssertSameBits(Array.ConvertAll(Rounded(value, type), x => x + 0f), Attend(new float[HeadDim], cache, [new(7, 15, 16)], _simd));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Keys_are_rounded_as_values_are(CacheType type)
    {
        // A query that picks one value of the key, against a slot whose key is zero: the two weights tell the key.
        const int HeadDim = 64;
        var shape = new AttentionShape(1, 1, HeadDim);
        using var cache = KeyValueBlocks.Create(shape, type, 1);
        var key = RandomWeights.Floats(_random, HeadDim);
        var rounded = Rounded(key, type);
        var ones = Enumerable.Repeat(1f, HeadDim).ToArray();
        var one = Rounded(ones, type)[0];
        cache.Write([0, 0], [4, 5], [.. key, .. new float[HeadDim]], [.. ones, .. new float[HeadDim]], _simd);
        foreach (var context in (ComputeContext[])[_scalar, _simd])
        {
            for (var i = 0; i < HeadDim; i++)
            {
                var query = new float[HeadDim];
                var output = new float[HeadDim];
                query[i] = 8;
                Attention.Apply(query, cache, [0], [new(0, 4, 6)], output, context);
                Assert.Equal(one / (1 + Math.Exp(-rounded[i])), output[0], 3e-7);
            }
        }
    }

    [Fact]
    public void Halves_of_all_sizes_are_those_of_the_system()
    {
        var values = new List<float> { 0, -0f, 65504, 65519.99f, 65520, -65520, 65536, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.Epsilon };
        for (var bits = 0; bits < 0x7c00; bits += 7)
        {
            // A number, just before and at the middle to the next, and just beyond.
            var (low, high) = ((float)BitConverter.UInt16BitsToHalf((ushort)bits), (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1)));
            var middle = low + (high - low) / 2;
            values.AddRange([low, -middle, middle, float.BitDecrement(middle), float.BitIncrement(middle), -float.BitIncrement(middle)]);
        }
        foreach (var eight in values.Chunk(8))
        {
            float[] full = [.. eight, .. new float[8 - eight.Length]];
            var halves = Float16.Round(Vector256.Create(full));
            var shortened = BFloat16.Round(Vector256.Create(full));
            for (var i = 0; i < 8; i++)
            {
                if (float.IsNaN(full[i]))
                {
                    Assert.True(Half.IsNaN(BitConverter.UInt16BitsToHalf(halves[i])));
                    Assert.True(float.IsNaN(BFloat16.Widen(shortened[i])));
                    continue;
                }
                Assert.Equal(BitConverter.HalfToUInt16Bits((Half)full[i]), halves[i]);
                Assert.Equal(Rounded([full[i]], CacheType.BF16)[0], BFloat16.Widen(shortened[i]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Nothing_is_allocated_once_memory_is_there(CacheType type)
    {
        var shape = new AttentionShape(8, 2, 64);
        using var cache = Filled(shape, type);
        var (query, output, row) = (new float[70 * 8 * 64], new float[70 * 8 * 64], new float[2 * 64]);
        var spans = Enumerable.Range(1, 70).Select(end => new AttentionSpan(0, 0, end)).ToArray();
        int[] places = [0];
        // The first of each prepares what the rest uses.
        var taken = new List<long>(4);
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            cache.Write(places, places, row, row, _simd);
            Attention.Apply(query, cache, _table, spans, output, _simd);
            Attention.Apply(query.AsSpan(0, 8 * 64), cache, _table, spans.AsSpan(69), output.AsSpan(0, 8 * 64), _simd);
            taken.Add(GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal([0, 0], taken[2..]);
    }

    [Fact]
    public void A_copied_block_attends_as_its_original()
    {
        foreach (var type in Enum.GetValues<CacheType>())
        {
            var shape = new AttentionShape(4, 2, 32);
            using var cache = Filled(shape, type);
            var query = RandomWeights.Floats(_random, 4 * 32);
            var expected = Attend(query, cache, [new(0, 0, 16)], _simd);
            cache.Copy(3, 0);
            AssertSameBits(expected, Attend(query, cache, [new(1, 0, 16)], _simd));
        }
    }

    [Theory]
    [InlineData(48)]
    [InlineData(16)]
    [InlineData(100)]
    public void Heads_that_are_no_whole_blocks_are_refused_by_name(int headDim)
    {
        var error = Assert.Throws<UnsupportedCacheTypeException>(() => KeyValueBlocks.Create(new(2, 1, headDim), CacheType.Q8_0, 1));
        Assert.Equal((CacheType.Q8_0, headDim), (error.Type, error.HeadDim));
        Assert.Contains($"have {headDim}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Places_outside_the_cache_are_refused()
    {
        using var cache = KeyValueBlocks.Create(new(1, 1, 8), CacheType.F16, 2);
        var (one, output) = (new float[8], new float[8]);
        foreach (var (block, slot) in ((int, int)[])[(-1, 0), (2, 0), (0, -1), (0, 16)])
            Assert.Throws<ArgumentOutOfRangeException>(() => cache.Write([block], [slot], one, one, _simd));
        foreach (var span in (AttentionSpan[])[new(0, 0, 33), new(1, 0, 17), new(-1, 15, 17), new(0, -1, 1), new(0, 4, 4)])
            Assert.Throws<ArgumentOutOfRangeException>(() => Attention.Apply(one, cache, [0, 1], [span], output, _simd));
        Assert.Throws<ArgumentOutOfRangeException>(() => Attention.Apply(one, cache, [0, 2], [new(0, 0, 1)], output, _simd));
        Assert.Throws<ShapeMismatchException>(() => Attention.Apply(one, cache, [0, 1], [new(0, 0, 1), new(0, 0, 2)], output, _simd));
    }

    /// <summary>Single tokens around the edges of blocks and parts, runs of tokens as prompts have them, and local attention.</summary>
    private static AttentionSpan[] Spans() =>
    [
        new(0, 0, 1), new(0, 0, 16), new(0, 0, 17), new(0, 0, 48), new(0, 0, 64), new(0, 0, 65), new(0, 0, 128), new(0, 0, 160),
        new(3, 0, 30), new(0, 13, 14), new(0, 16, 40), new(0, 5, 37), new(0, 63, 65), new(0, 64, 129),
        .. Enumerable.Range(1, 70).Select(end => new AttentionSpan(0, 0, end)),
        .. Enumerable.Range(60, 21).Select(end => new AttentionSpan(0, end - 37, end)),
        .. Enumerable.Range(78, 5).Select(end => new AttentionSpan(0, end <= 80 ? 64 : 80, end)),
        .. Enumerable.Range(40, 9).Select(end => new AttentionSpan(8, 33, end)),
    ];

    private KeyValueBlocks Filled(AttentionShape shape, CacheType type)
    {
        var cache = KeyValueBlocks.Create(shape, type, Blocks);
        var blocks = Enumerable.Range(0, 16 * Blocks).Select(slot => slot / 16).ToArray();
        var slots = Enumerable.Range(0, 16 * Blocks).Select(slot => slot % 16).ToArray();
        var length = Blocks * shape.BlockLength;
        cache.Write(blocks, slots, RandomWeights.Floats(_random, length), RandomWeights.Floats(_random, length), _simd);
        return cache;
    }

    private float[] Attend(ReadOnlySpan<float> query, KeyValueBlocks cache, ReadOnlySpan<AttentionSpan> spans, ComputeContext context)
    {
        var output = new float[query.Length];
        Attention.Apply(query, cache, _table, spans, output, context);
        return output;
    }

    /// <summary>What the weights' quantizer makes of values.</summary>
    private static float[] Rounded(float[] values, CacheType type)
    {
        var stored = Enum.Parse<TensorType>(type.ToString());
        var bytes = new byte[TensorTypes.FormatOf(stored).BytesOf(values.Length)];
        WeightQuantizer.QuantizeRow(stored, values, [], bytes);
        var rounded = new float[values.Length];
        switch (type)
        {
            case CacheType.F16:
                Decode<F16Format>(bytes, rounded);
                break;
            case CacheType.BF16:
                Decode<BF16Format>(bytes, rounded);
                break;
            case CacheType.Q8_0:
                Decode<Q80Format>(bytes, rounded);
                break;
            default:
                values.CopyTo(rounded, 0);
                break;
        }
        return rounded;
    }

    private static void Decode<TFormat>(byte[] bytes, float[] values) where TFormat : IWeightFormat
    {
        for (var i = 0; i < values.Length / TFormat.BlockLength; i++)
            TFormat.Decode(bytes.AsSpan(i * TFormat.BlockBytes, TFormat.BlockBytes), values.AsSpan(i * TFormat.BlockLength, TFormat.BlockLength));
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.Equal(MemoryMarshal.Cast<float, int>(expected).ToArray(), MemoryMarshal.Cast<float, int>(actual).ToArray());
}
