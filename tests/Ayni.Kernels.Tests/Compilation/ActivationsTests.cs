namespace Ayni.Kernels.Tests;

public sealed unsafe class ActivationsTests
{
    [Avx2Theory]
    [InlineData(true, 4)]
    [InlineData(false, 0)]
    [InlineData(false, 7)]
    public void Records_hold_what_the_scalar_reference_computes(bool pairs, int shift)
    {
        var random = new Random(5);
        var input = new float[20 * 32];
        for (var i = 0; i < input.Length; i++)
        {
            input[i] = (i / 32) switch
            {
                0 => 0,
                1 => 1e-40f * i,
                2 => i % 2 == 0 ? 3e37f : -3e37f,
                3 => 1,
                4 => -1,
                5 => i == 5 * 32 + 7 ? 1e10f : 1e-10f,
                6 => i % 32 - 15.5f,
                _ => (float)(random.NextDouble() * 2 - 1),
            };
        }
        var records = new byte[input.Length / 32 * Activations.RecordBytes];
        fixed (float* inputPointer = input)
        fixed (byte* pointer = records)
        {
            Activations.Quantize(inputPointer, pointer, input.Length, shift, pairs);
            for (var block = 0; block < 20; block++)
                AssertRecord(input.AsSpan(block * 32, 32), pointer + block * Activations.RecordBytes, shift, pairs);
            for (var block = 0; block < 20; block++)
            {
                var record = pointer + block * Activations.RecordBytes;
                new Span<byte>(record, Activations.RecordBytes).Fill(0xa5);
                Activations.QuantizeBlockPortably(inputPointer + block * 32, record, shift, pairs);
                AssertRecord(input.AsSpan(block * 32, 32), record, shift, pairs);
            }
        }
    }

    [Avx2Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_shows_in_the_scale(float value)
    {
        var input = new float[32];
        input[17] = value;
        input[3] = 1;
        var records = new byte[Activations.RecordBytes];
        fixed (float* inputPointer = input)
        fixed (byte* pointer = records)
        {
            Activations.Quantize(inputPointer, pointer, 32, shift: 0, pairs: true);
            Assert.False(float.IsFinite(*(float*)(pointer + Activations.ScaleOffset)));
            Activations.QuantizeBlockPortably(inputPointer, pointer, shift: 0, pairs: true);
            Assert.False(float.IsFinite(*(float*)(pointer + Activations.ScaleOffset)));
        }
    }

    private static void AssertRecord(ReadOnlySpan<float> block, byte* record, int shift, bool pairs)
    {
        var (values, scale) = ActivationsReference.Quantize(block);
        Assert.Equal(values, new ReadOnlySpan<sbyte>(record, 32).ToArray());
        var floats = (float*)(record + Activations.ScaleOffset);
        int Sum(int from, int to) => values[from..to].Sum(value => value);
        Assert.Equal([scale, scale * Sum(0, 32), scale * Sum(0, 16), scale * Sum(16, 32)], new ReadOnlySpan<float>(floats, 4).ToArray());
        var starts = new ReadOnlySpan<int>(record + Activations.StartOffset, 3).ToArray();
        (int, int)[] ranges = [(0, 32), (0, 16), (16, 32)];
        foreach (var ((from, to), start) in ranges.Zip(starts))
        {
            if (!pairs)
            {
                Assert.Equal(-Sum(from, to) << shift, start);
                continue;
            }
            var (first, second) = (0, 0);
            for (var i = from; i < to; i++)
            {
                if (i % 4 < 2)
                    first -= values[i];
                else
                    second -= values[i];
            }
            Assert.Equal(((short)(first << shift), (short)(second << shift)), ((short)start, (short)(start >> 16)));
        }
    }
}
