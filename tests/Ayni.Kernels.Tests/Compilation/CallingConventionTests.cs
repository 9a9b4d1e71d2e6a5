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
}
