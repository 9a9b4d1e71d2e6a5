namespace Ayni.Bench;

/// <summary>
/// <c>bench/run products</c>: how fast one core multiplies weights of each type: with one token, in bytes of weights, and with many, in
/// multiply-accumulates. The best of some runs: what the code can do where nothing disturbs it.
/// </summary>
internal static class ProductsCommand
{
    private const int Runs = 40;

    // A width that models have.
    private const int Columns = 4096;

    public static Command Create()
    {
        var only = new Option<string?>("--type") { Description = "The only type to measure.", HelpName = "TYPE" };
        var tokens = new Option<int[]>("--tokens")
        {
            Description = "Tokens multiplied at a time.",
            HelpName = "N",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [1, 4, 16, 128],
        };
        var size = new Option<int>("--kilobytes")
        {
            Description = "Size of the weights: more than any cache holds, or little, to see what arithmetic alone would do.",
            HelpName = "N",
            DefaultValueFactory = _ => 96 << 10,
        };
        var command = new Command("products", "Measure the products of weights with activations, on one core.") { only, size, tokens };
        command.SetAction(result =>
        {
            using var context = new ComputeContext(ComputeContext.BestTier, workerCount: 1);
            var (instruction, peak) = MachineLimits.PeakMultiplyAccumulates(context);
            Console.WriteLine(
                $"One thread, {context.Tier} kernels; memory is read at {MachineLimits.ReadBandwidth(context) / 1e9:f1} GB/s; "
                + $"{instruction} makes {peak / 1e9:f1} GMAC/s.");
            foreach (var type in TensorTypes.Readable)
            {
                if (result.GetValue(only) is { } wanted && !type.ToString().Equals(wanted, StringComparison.OrdinalIgnoreCase))
                    continue;
                Measure(type, result.GetValue(size), result.GetValue(tokens)!, context);
            }
        });
        return command;
    }

    private static void Measure(TensorType type, int kilobytes, int[] tokenCounts, ComputeContext context)
    {
        var (blockWeights, blockBytes) = TensorTypes.FormatOf(type);
        var rows = Math.Max(16, (int)(kilobytes * 1024L / (Columns / blockWeights * blockBytes)) / 16 * 16);
        // Zeros are multiplied as fast as anything else.
        var zeros = TensorData.CopyOf(new byte[(long)rows * (Columns / blockWeights) * blockBytes]);
        using var matrix = PackedMatrix.Pack(zeros, type, rows, Columns, context);
        foreach (var tokens in tokenCounts)
        {
            var input = new float[tokens * Columns];
            var output = new float[tokens * rows];
            Array.Fill(input, 1);
            var seconds = Clock.Best(Runs, () => matrix.Multiply(input, output, context));
            Console.WriteLine(
                $"{type,-8} {tokens,4} tokens  {matrix.PackedBytes / seconds / 1e9,6:f1} GB/s  {(double)rows * Columns * tokens / seconds / 1e9,7:f1} GMAC/s");
        }
    }
}
