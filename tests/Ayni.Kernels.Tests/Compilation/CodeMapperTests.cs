namespace Ayni.Kernels.Tests;

public sealed unsafe class CodeMapperTests
{
    [Fact]
    public void A_refusal_is_told_and_the_vector_tier_takes_over()
    {
        var features = new ProcessorFeatures { Avx2 = true };
        using var context = new ComputeContext(KernelTier.Compiled, 1, features, new RefusingMapper());
        Assert.Equal(KernelTier.Simd, context.Tier);
        Assert.Contains("not today", context.TierRefusal, StringComparison.Ordinal);

        var data = TensorData.CopyOf(RandomWeights.Blocks(new Random(1), TensorType.Q4_0, 3 * 64));
        using var matrix = PackedMatrix.Pack(data, TensorType.Q4_0, 3, 64, context);
        var output = new float[3];
        matrix.Multiply(RandomWeights.Floats(new Random(2), 64), output, context);
        Assert.All(output, value => Assert.NotEqual(0, value));
    }

    [Fact]
    public void A_processor_without_the_instructions_gets_the_vector_tier()
    {
        using var context = new ComputeContext(KernelTier.Compiled, 1, default, new RefusingMapper());
        Assert.Equal(KernelTier.Simd, context.Tier);
        Assert.Contains("AVX2", context.TierRefusal, StringComparison.Ordinal);
    }

    [Avx2Fact(onLinux: true)]
    public void Code_is_executable_and_never_writable()
    {
        byte[] add = [0x83, 0x07, 0x05, 0xc3]; // add dword ptr [rdi], 5; ret
        var mapper = new UnixCodeMapper();
        using var code = ExecutableCode.TryCreate(mapper, add, out _);
        AssertRuns(code!.Entry);

        var refusal = "";
        var file = UnixCodeMapper.MapByFile(add, ref refusal);
        Assert.Equal("", refusal);
        AssertRuns((delegate* unmanaged<void*, void>)file);
        mapper.Unmap(file, add.Length);
    }

    private static void AssertRuns(delegate* unmanaged<void*, void> entry)
    {
        var value = 37;
        entry(&value);
        Assert.Equal(42, value);
        var address = (ulong)entry;
        var mapping = File.ReadLines("/proc/self/maps").Single(line =>
        {
            var bounds = line.Split(' ')[0].Split('-');
            return address >= Convert.ToUInt64(bounds[0], 16) && address < Convert.ToUInt64(bounds[1], 16);
        });
        Assert.StartsWith("r-x", mapping.Split(' ')[1], StringComparison.Ordinal);
    }

    private sealed class RefusingMapper : ICodeMapper
    {
        public void* TryMap(ReadOnlySpan<byte> code, out string refusal)
        {
            refusal = "not today";
            return null;
        }

        public void Unmap(void* start, int length) => throw new InvalidOperationException("Nothing was mapped.");
    }
}
