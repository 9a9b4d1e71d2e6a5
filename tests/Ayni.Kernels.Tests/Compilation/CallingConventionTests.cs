using System.Runtime.InteropServices;

namespace Ayni.Kernels.Tests;

public sealed unsafe class CallingConventionTests
{
    /// <summary>The emulator notices a register that either convention asks to preserve.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kernels_keep_what_the_convention_asks_for_and_compute_the_same(bool forWindows)
    {
        const int Tokens = 13, Columns = 64;
        var random = new Random(4);
        var (weights, input) = (RandomWeights.Floats(random, Columns * Lanes.Count), RandomWeights.Floats(random, Tokens * Columns));
        foreach (var target in KernelTarget.All.Where(target => !target.IsArm64))
        {
            // All panels are the same one.
            var rows = FloatProductKernel.PanelsAtATime(target) * Lanes.Count;
            var sums = new float[Tokens * rows];
            fixed (float* weightPointer = weights, inputPointer = input, sumPointer = sums)
            {
                var arguments = new ProductArguments
                {
                    Weights = (byte*)weightPointer,
                    Activations = (byte*)inputPointer,
                    ActivationStride = Columns * sizeof(float),
                    Sums = sumPointer,
                    TokenCount = Tokens,
                    BlockCount = Columns,
                };
                var code = new MachineAssembler(target, forWindows);
                FloatProductKernel.Emit(FloatLayout.Of(TensorType.F32), code);
                new Emulator(code.Finish()).Run(&arguments, forWindows);
            }
            for (var i = 0; i < sums.Length; i++)
            {
                var expected = 0f;
                var (token, row) = (i / rows, i % Lanes.Count);
                for (var k = 0; k < Columns; k++)
                    expected = MathF.FusedMultiplyAdd(weights[k * Lanes.Count + row], input[token * Columns + k], expected);
                Assert.Equal(expected, sums[i]);
            }
        }
    }

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.Q4_0)]
    [InlineData(TensorType.Q6_K)]
    public void Kernels_of_few_tokens_compute_the_same_by_both_conventions(TensorType type)
    {
        var layout = PanelLayouts.Find(type)!;
        var random = new Random(5);
        foreach (var target in KernelTarget.All.Where(target => !target.IsArm64))
        {
            var floats = layout as FloatLayout;
            var tokens = floats is null ? FewTokensKernel.TokensAtATime(layout, target) : FloatFewTokensKernel.TokensAtATime(target);
            var blockBytes = layout.BlockBytes * Lanes.Count;
            var weights = new byte[2 * blockBytes];
            if (floats is null)
                random.NextBytes(weights);
            else
                MemoryMarshal.AsBytes(RandomWeights.Floats(random, weights.Length / sizeof(float)).AsSpan()).CopyTo(weights);
            var stride = Math.Max(layout.BlockColumns / BlockShape.Columns * Activations.RecordBytes, sizeof(float)) + 64;
            var activations = new byte[tokens * stride];
            MemoryMarshal.AsBytes(RandomWeights.Floats(random, activations.Length / sizeof(float)).AsSpan()).CopyTo(activations);
            int[]? expected = null;
            foreach (var forWindows in (bool[])[false, true])
            {
                var products = new int[2 * tokens * Lanes.Count];
                fixed (byte* weightPointer = weights, activationPointer = activations)
                fixed (int* productPointer = products)
                {
                    var arguments = new FewTokensArguments
                    {
                        Panels = weightPointer,
                        Activations = activationPointer,
                        Products = (float*)productPointer,
                        BlockCount = 1,
                        PanelCount = 1,
                        PanelStride = blockBytes,
                        SecondPanels = weightPointer + blockBytes,
                        SecondProducts = (float*)productPointer + tokens * Lanes.Count,
                        ActivationStride = stride,
                    };
                    var code = new MachineAssembler(target, forWindows);
                    if (floats is null)
                        FewTokensKernel.Emit(layout, tokens, code);
                    else
                        FloatFewTokensKernel.Emit(floats, tokens, code);
                    new Emulator(code.Finish()).Run(&arguments, forWindows);
                }
                Assert.Contains(products, product => product != 0);
                expected ??= products;
                Assert.Equal(expected, products);
            }
        }
    }
}
