using System.CommandLine;
using System.Diagnostics;
using Ayni.Kernels;

namespace Ayni.Bench;

/// <summary>
/// <c>bench/run products</c>: how fast weights of each type are multiplied: with one token, in bytes of weights, and with many, in
/// multiply-accumulates. The best of some runs: what the code can do where nothing disturbs it; beside it the median share of what memory,
/// measured in turn, allows.
/// </summary>
internal static class ProductsCommand
{
    private const int Runs = 20;

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
        var count = new Option<int>("--matrices")
        {
            Description = "Matrices of that size, multiplied in turn.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var threads = new Option<int>("--threads") { Description = "Threads.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var command = new Command("products", "Measure the products of weights with activations.") { only, size, count, tokens, threads };
        command.SetAction(result =>
        {
            using var context = new ComputeContext(ComputeContext.BestTier, result.GetValue(threads));
            using var limits = new MachineLimits(context);
            var (instruction, peak) = limits.PeakMultiplyAccumulates(TensorType.Q4_0);
            Console.WriteLine(
                $"{context.Team.WorkerCount} threads, {context.Tier} kernels; memory is read at {limits.ReadBandwidth() / 1e9:f1} GB/s; "
                + $"{instruction} makes {peak / 1e9:f1} GMAC/s.");
            foreach (var type in TensorTypes.Readable)
            {
                if (result.GetValue(only) is { } wanted && !type.ToString().Equals(wanted, StringComparison.OrdinalIgnoreCase))
                    continue;
                Measure(type, result.GetValue(size), result.GetValue(count), result.GetValue(tokens)!, context, limits);
            }
        });
        return command;
    }

    private static void Measure(
        TensorType type, int kilobytes, int count, int[] tokenCounts, ComputeContext context, MachineLimits limits)
    {
        var (blockWeights, blockBytes) = TensorTypes.FormatOf(type);
        var rows = Math.Max(16, (int)(kilobytes * 1024L / (Columns / blockWeights * blockBytes)) / 16 * 16);
        // Zeros are multiplied as fast as anything else.
        var zeros = TensorData.CopyOf(new byte[(long)rows * (Columns / blockWeights) * blockBytes]);
        var matrices = Enumerable.Range(0, count).Select(_ => PackedMatrix.Pack(zeros, type, rows, Columns, context)).ToArray();
        foreach (var tokens in tokenCounts)
        {
            var input = new float[tokens * Columns];
            var output = new float[tokens * rows];
            Array.Fill(input, 1);
            var bytes = (double)count * matrices[0].PackedBytes;
            var (best, shares) = (double.PositiveInfinity, new double[Runs]);
            for (var run = 0; run < Runs; run++)
            {
                var bandwidth = limits.ReadBandwidth();
                // Weights that a cache holds are there after the first pass.
                Pass();
                var start = Stopwatch.GetTimestamp();
                Pass();
                var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                best = Math.Min(best, seconds);
                shares[run] = bytes / seconds / bandwidth;
            }
            Console.WriteLine(
                $"{type,-8} {tokens,4} tokens  {bytes / best / 1e9,6:f1} GB/s  {(double)count * rows * Columns * tokens / best / 1e9,7:f1} GMAC/s  "
                + $"{shares.Order().ElementAt(Runs / 2),5:p0} of memory's speed");

            void Pass()
            {
                foreach (var matrix in matrices)
                    matrix.Multiply(input, output, context);
            }
        }
        foreach (var matrix in matrices)
            matrix.Dispose();
    }
}
