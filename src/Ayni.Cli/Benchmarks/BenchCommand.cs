using System.CommandLine;
using System.Globalization;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni bench</c>: how fast a model computes here, beside what the machine can do at most and beside llama.cpp.</summary>
internal static class BenchCommand
{
    private const string LlamaCpp = "llama.cpp";
    private const int Room = 64;

    public static Command Create()
    {
        var model = ModelOption.Model();
        var threads = ModelOption.Threads();
        var cacheType = ModelOption.CacheType();
        var packCache = ModelOption.PackCache();
        var first = new Option<bool>("--first-token")
        {
            Description = "Time starts of the program, too, from the process's start to its first token.",
            HelpName = "true|false",
            DefaultValueFactory = _ => true,
        };
        var synthetic = new Option<string?>("--synthetic") { Description = "Measure random weights of a real shape, written first as ayni synth does.", HelpName = "SHAPE:TYPE" };
        var prefill = Numbers("--prefill", "Lengths of prompts, in tokens.", "128,512,2048");
        var decode = new Option<int>("--decode") { Description = "Tokens generated in a measurement.", HelpName = "N", DefaultValueFactory = _ => 32 };
        var depth = Numbers("--depth", "Tokens before those generated.", "0,2048");
        var batch = Numbers("--batch", "Sequences generated together.", "1,4,8,16,32");
        var runs = new Option<int>("--runs") { Description = "Measurements of each figure, in turn with the peer's; the median counts.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var clients = new Option<int?>("--clients")
        {
            Description = "Also time so many clients at once whose prompts begin alike, and one after another.",
            HelpName = "N",
        };
        var peer = new Option<string?>("--peer") { Description = $"Compare in the same run with {LlamaCpp}, by its npm package (needs Node.js).", HelpName = "NAME" };
        var forced = new Option<string[]>("--force-output")
        {
            Description = "Texts whose answers repeat their prompts, JSON with prompt and output, decoded with guessing and without.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON, for scripts." };
        var command = new Command(
            "bench",
            """
            Measure how fast a model computes here, beside the machine's own limits and, if asked for, llama.cpp on the same file.

            Examples:
              ayni bench --model model-q4.gguf
              ayni bench --synthetic llama-3.2-1b:Q4_0 --prefill 512 --decode 32 --batch 1,16 --peer llama.cpp --json
              ayni bench --model model-q4.gguf --prefill none --batch none --peer llama.cpp
              ayni bench --model model-q4.gguf --prefill none --batch none --first-token false --force-output bench/text/edit-code.json
            """)
        {
            model, synthetic, prefill, decode, depth, batch, runs, first, clients, forced, peer, cacheType, packCache, threads, json,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            if (result.GetValue(peer) is { } name and not LlamaCpp)
                throw new UsageException($"--peer {name}: there is {LlamaCpp} only.");
            var plan = new BenchPlan(
                Read(result, prefill, 1), Within(result, decode, 1, 4096), Read(result, depth, 0), Read(result, batch, 1, 256), Within(result, runs, 1, 100),
                ModelOption.CheckCacheType(result.GetValue(cacheType)!), result.GetValue(forced) ?? [], result.GetValue(first),
                result.GetValue(packCache), result.GetValue(clients));
            if (plan.Clients is < 2 or > 256)
                throw new UsageException($"--clients {plan.Clients}: expected 2 to 256.");
            var workers = ModelOption.CheckThreads(result.GetValue(threads));
            var path = result.GetValue(synthetic) is { } shape
                ? SyntheticModels.Find(shape, workers, cancellationToken)
                : ModelOption.Find(result.GetValue(model));
            var report = Measure(path, plan, workers, result.GetValue(peer) is not null, cancellationToken);
            if (result.GetValue(json))
                Output.WriteJson(report.Write);
            else
                report.WriteTable();
            return 0;
        }));
        return command;
    }

    private static BenchReport Measure(string path, BenchPlan plan, int workers, bool hasPeer, CancellationToken cancellationToken)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        using var model = ModelOption.Load(path, workers, cancellationToken, plan.PackCache);
        var loadSeconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        var longest = Math.Max(plan.Prefill.DefaultIfEmpty(1).Max(), plan.Depths.DefaultIfEmpty(0).Max() + plan.DecodeTokens + 1) + Room;
        var together = plan.Batches.DefaultIfEmpty(1).Max();
        var report = new BenchReport(model, path, loadSeconds, plan.CacheType) { Threads = model.ThreadCount };
        using var context = new ComputeContext(ModelOption.Tier(), workers);
        using var limits = new MachineLimits(context);
        // Before the peer has the model in memory, too.
        if (plan.FirstToken)
            report.FirstToken = MeasureFirstToken(model, path, plan, hasPeer, cancellationToken);
        using var peer = hasPeer ? Peer.Start(path, model.ThreadCount, longest, together, ThroughputMeter.IdsOf(model)) : null;
        report.Peer = peer?.Hello;

        foreach (var tokens in plan.Prefill)
        {
            using var meter = new ThroughputMeter(model, longest, 1, plan.CacheType);
            Add($"prefill{tokens}", tokens, () => report.AddPeak(limits, model.Config.MultiplyAccumulatesPerToken),
                () => meter.Prefill(tokens, cancellationToken), () => peer!.Prefill(tokens));
        }
        foreach (var depth in plan.Depths.Where(_ => plan.Batches.Contains(1)))
        {
            using var meter = new ThroughputMeter(model, longest, 1, plan.CacheType);
            Add(depth == 0 ? "decode1" : $"decode1@{depth}", plan.DecodeTokens, () => MostSteps(meter, 1, depth),
                () => meter.Decode(1, plan.DecodeTokens, depth, cancellationToken), () => peer!.Decode(1, plan.DecodeTokens, depth));
        }
        foreach (var count in plan.Batches.Where(count => count > 1))
        {
            using var meter = new ThroughputMeter(model, plan.DecodeTokens + Room, count, plan.CacheType);
            Add($"batch{count}", count * plan.DecodeTokens, () => count * MostSteps(meter, count, 0),
                () => meter.Decode(count, plan.DecodeTokens, 0, cancellationToken), () => peer!.Decode(count, plan.DecodeTokens, 0));
        }
        if (plan.Clients is { } clients)
            report.Clients = MeasureClients(model, clients, plan.CacheType, peer, cancellationToken);
        foreach (var file in plan.ForcedOutputs)
            report.Forced.Add(MeasureForced(model, file, plan.Runs, cancellationToken));
        return report;

        // Whichever of memory and arithmetic allows fewer; every token's logits are computed.
        double MostSteps(ThroughputMeter meter, int sequences, int depth) => Math.Min(
            report.AddReadBandwidth(limits, meter.BytesRead(sequences, plan.DecodeTokens, depth)),
            report.AddPeak(
                limits, sequences * (model.Config.MultiplyAccumulatesPerToken + (long)model.Config.HiddenSize * model.Config.VocabularySize)));

        void Add(string name, int tokens, Func<double> limit, Func<double> ours, Func<double> theirs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!Console.IsErrorRedirected)
                Console.Error.Write($"\r{name} …".PadRight(30));
            // The first of each warms up.
            _ = ours();
            _ = peer is null ? 0 : theirs();
            var (mine, others, most) = (new double[plan.Runs], new double[peer is null ? 0 : plan.Runs], new double[plan.Runs]);
            for (var run = 0; run < plan.Runs; run++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Beside each run, since what the machine can do changes with what else it does.
                most[run] = limit();
                mine[run] = tokens / ours();
                if (peer is not null)
                    others[run] = tokens / theirs();
            }
            report.Figures.Add(new BenchFigure(name, mine, others, most));
            if (!Console.IsErrorRedirected)
                Console.Error.Write($"\r{"",30}\r");
        }
    }

    private static FirstTokenFigure MeasureFirstToken(
        LlamaModel model, string path, BenchPlan plan, bool hasPeer, CancellationToken cancellationToken)
    {
        var prompt = FirstToken.PromptFor(model);
        var (ours, theirs, node) = (new List<double>(), new List<double>(), new List<double>());
        // The first of each warms up.
        for (var run = 0; run <= plan.Runs; run++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ours.Add(FirstToken.Measure(path, prompt, model.ThreadCount, plan.PackCache));
            if (!hasPeer)
                continue;
            var (seconds, nodeSeconds) = Peer.FirstToken(path, model.ThreadCount, prompt);
            theirs.Add(seconds);
            node.Add(nodeSeconds);
        }
        return new FirstTokenFigure([.. ours.Skip(1)], [.. theirs.Skip(1)], [.. node.Skip(1)]);
    }

    private static ClientsFigure MeasureClients(
        LlamaModel model, int clients, CacheType cacheType, Peer? peer, CancellationToken cancellationToken)
    {
        var meter = new ClientsMeter(model, clients, cacheType);
        // Minutes each, so each is measured once, and one after another only some are.
        return new ClientsFigure(
            clients,
            Math.Min(clients, ClientsFigure.MostAlone),
            meter.TogetherAsync(cancellationToken).GetAwaiter().GetResult(),
            meter.OneAfterAnotherAsync(sharesBeginning: false, ClientsFigure.MostAlone, cancellationToken).GetAwaiter().GetResult(),
            meter.OneAfterAnotherAsync(sharesBeginning: true, ClientsFigure.MostAlone, cancellationToken).GetAwaiter().GetResult(),
            peer?.Serve(clients, Math.Min(clients, ClientsFigure.PeerSequences)));
    }

    private static ForcedFigure MeasureForced(LlamaModel model, string file, int runs, CancellationToken cancellationToken)
    {
        var text = ForcedOutput.Read(file, model);
        var (plain, guessing) = (new double[runs], new double[runs]);
        for (var run = 0; run < runs; run++)
        {
            plain[run] = text.MeasureAsync(model, speculates: false, cancellationToken).GetAwaiter().GetResult();
            guessing[run] = text.MeasureAsync(model, speculates: true, cancellationToken).GetAwaiter().GetResult();
        }
        return new ForcedFigure(Path.GetFileNameWithoutExtension(file), text, plain, guessing);
    }

    private static Option<string> Numbers(string name, string description, string standard) =>
        new(name) { Description = description, HelpName = "N,N…|none", DefaultValueFactory = _ => standard };

    private static int[] Read(ParseResult result, Option<string> option, int least, int most = 1 << 20)
    {
        var text = result.GetValue(option)!;
        if (text == "none")
            return [];
        return [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new UsageException($"{option.Name} {text}: expected numbers from {least} to {most} with commas between them, or none."))];
    }

    private static int Within(ParseResult result, Option<int> option, int least, int most)
    {
        var value = result.GetValue(option);
        return value >= least && value <= most ? value : throw new UsageException($"{option.Name} {value}: expected {least} to {most}.");
    }
}

/// <summary>What is measured.</summary>
internal sealed record BenchPlan(
    int[] Prefill, int DecodeTokens, int[] Depths, int[] Batches, int Runs, CacheType CacheType, string[] ForcedOutputs,
    bool FirstToken, bool PackCache, int? Clients);
