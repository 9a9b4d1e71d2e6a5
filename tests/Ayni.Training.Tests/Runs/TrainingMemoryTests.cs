using System.Collections;
using System.Reflection;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training.Tests;

public sealed class TrainingMemoryTests
{
    private static readonly LlamaConfig Config = Corpus.Config with { HiddenSize = 64, IntermediateSize = 192, HeadDim = 32, LayerCount = 6 };

    /// <summary>Numbers a token by hand: queries 64, keys and values 32 each, sums 2, streams 64, networks 2 · 192.</summary>
    [Theory]
    [InlineData(false, false, 6 * (2 * 64 + 2 * 32 + 2 + 64 + 2 * 192) + 7 * 64 + 64 + 2 * 64 + 2 * 32)]
    [InlineData(true, false, 2 * 64 + 2 * 32 + 2 + 64 + 2 * 192 + 7 * 64 + 64 + 2 * 64 + 2 * 32)]
    [InlineData(true, true, 2 * 64 + 2 * 32 + 2 + 64 + 2 * 192 + 7 * 64 + 64 + 2 * 64 + 2 * 32 + 3 * 64 + 2 * 192)]
    public void What_a_batch_needs_is_counted_by_its_tokens(bool recompute, bool hasAdapter, int numbers) =>
        Assert.Equal((UInt128)(3L * 50 * numbers * 4), TrainingMemory.OfBatch(Config, 3, 50, recompute, hasAdapter));

    /// <summary>Through layers whose weights are too many to be packed together, all tokens go at once, and so does what is between.</summary>
    [Fact]
    public void What_a_batch_needs_in_wide_layers_is_counted_with_what_they_work_in()
    {
        const long Numbers = 2 * 64 + 2 * 32 + 2 + 2048 + 2 * 8192 + 2 * 2048 + 2048 + 2 * 64 + 2 * 32
            + 3 * 2048 + 2 * 8192 + 3 * (2048 + 8192) + 64;
        var wide = Config with { HiddenSize = 2048, IntermediateSize = 8192, LayerCount = 1 };
        Assert.Equal((UInt128)(3 * 50 * Numbers * 4), TrainingMemory.OfBatch(wide, 3, 50, recompute: false, hasAdapter: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_pass_takes_is_about_what_was_counted(bool recompute)
    {
        const int Rows = 96, Context = 64;
        var model = TrainableModel.Create(Config, tiesEmbeddings: true, seed: 3);
        using var context = new ComputeContext(KernelTier.Simd, 1);
        var batch = TrainingBatch.Create(
            [.. Enumerable.Range(0, Rows).Select(row => ((ReadOnlyMemory<int>)Enumerable.Range(row, Context).ToArray(),
                (ReadOnlyMemory<int>)Enumerable.Range(row, Context).ToArray()))],
            Config);
        var pass = new GradientPass(model, context, recompute);
        pass.AddGradients(batch, batch.LossTerms);
        var counted = (double)TrainingMemory.OfBatch(Config, Rows, Context, recompute, hasAdapter: false);
        Assert.InRange(BytesOf(pass, []), 0.85 * counted, 1.3 * counted);
    }

    /// <summary>All memory for intermediate results that an object of training holds.</summary>
    private static long BytesOf(object? value, HashSet<object> seen)
    {
        if (value is null or Parameter or TrainableModel or string || !seen.Add(value))
            return 0;
        if (value is NativeBuffer buffer)
            return buffer.Bytes;
        if (value is IEnumerable items)
            return items.Cast<object?>().Sum(item => BytesOf(item, seen));
        return value is PackedOperand || value.GetType().Namespace == typeof(GradientPass).Namespace
            ? value.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Sum(field => BytesOf(field.GetValue(value), seen))
            : 0;
    }
}
