using System.CommandLine;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni logits</c>: the raw logits of every position, for comparison with another implementation.</summary>
internal static class LogitsCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var adapter = ModelOption.Adapter();
        var threads = ModelOption.Threads();
        var cacheType = ModelOption.CacheType();
        var tokens = TokenIds.Option();
        tokens.Required = true;
        var start = new Option<int>("--start-pos") { Description = "The position of the first token; nothing before it is attended to.", HelpName = "N" };
        var output = new Option<string>("--out") { Description = "The NumPy file to write, float32 [tokens, vocabulary].", HelpName = "F.npy", Required = true };
        var command = new Command(
            "logits",
            """
            Write the logits of every position of a sequence of token ids.

            Example:
              ayni logits --model llama/ --tokens 1,15043,3186 --out logits.npy
            """)
        {
            model, adapter, threads, cacheType, tokens, start, output,
        };
        command.SetAction((result, cancellationToken) =>
        {
            var startPosition = result.GetValue(start);
            if (startPosition < 0)
                throw new UsageException($"--start-pos {startPosition}: expected 0 or more.");
            var type = ModelOption.CheckCacheType(result.GetValue(cacheType)!);
            // Compared with other implementations: nothing is rounded unless AYNI_KERNELS asks for kernels that do.
            using var loaded = ModelOption.Load(
                result.GetValue(model), result.GetValue(threads), cancellationToken, adapter: result.GetValue(adapter),
                usual: KernelTier.Simd);
            var ids = TokenIds.Parse(result.GetValue(tokens)!, loaded.Config.VocabularySize);
            if (startPosition > int.MaxValue - ids.Length)
                throw new UsageException($"--start-pos {startPosition}: too large.");
            using var file = new NumpyFile(result.GetValue(output)!, ids.Length, loaded.Config.VocabularySize);
            using var evaluator = new SequenceEvaluator(loaded, ids.Length, cacheType: type);
            evaluator.Evaluate(ids, startPosition, file.Write, cancellationToken);
            file.Complete();
            return Task.FromResult(0);
        });
        return command;
    }
}
