using System.CommandLine;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni synth</c>: writes a model of random weights.</summary>
internal static class SynthCommand
{
    private const string DefaultType = "Q4_0";

    public static Command Create()
    {
        var model = new Argument<string>("shape[:type]")
        {
            Description = $"The shape: {string.Join(", ", SyntheticShape.All.Select(shape => shape.Name))}; "
                + $"and the type, {DefaultType} unless given: {string.Join(", ", QuantizationMix.Names)}.",
        };
        var output = new Option<string>("--output", "-o") { Description = "The GGUF file to write.", HelpName = "FILE", Required = true };
        var seed = new Option<ulong>("--seed") { Description = "The same seed gives the same file.", HelpName = "N" };
        var threads = ModelOption.Threads();
        var shapeOptions = new ShapeOptions();
        var command = new Command(
            "synth",
            """
            Write a model of random weights, in the shape and with a vocabulary of the size of a real one: as fast or slow as that, and talking nonsense.

            Examples:
              ayni synth llama-3.2-1b:Q4_0 -o 1b.gguf
              ayni synth llama-4-scout:Q4_K_M --layers 4 --hidden 512 --expert-intermediate 768 --intermediate 1024 -o scout-small.gguf
            """)
        {
            model, output, seed, threads,
        };
        shapeOptions.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            var (shape, mix) = Parse(result.GetValue(model)!);
            shape = shapeOptions.Apply(result, shape);
            var path = result.GetValue(output)!;
            var workers = ModelOption.CheckThreads(result.GetValue(threads));
            using (var progress = new LoadProgress("Writing", Path.GetFileName(path)))
                ModelSynthesizer.Write(shape, mix, path, result.GetValue(seed), workers, progress, cancellationToken);
            Console.Error.WriteLine($"{path}: {new FileInfo(path).Length:N0} bytes, {shape.Name} in {mix.Name}, random weights");
            return Task.FromResult(0);
        });
        return command;
    }

    private static (SyntheticShape, QuantizationMix) Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        var (name, type) = colon < 0 ? (text, DefaultType) : (text[..colon], text[(colon + 1)..]);
        var shape = SyntheticShape.Find(name)
            ?? throw new UsageException($"There is no shape {name}; there are {string.Join(", ", SyntheticShape.All.Select(known => known.Name))}.");
        var mix = QuantizationMix.Find(type)
            ?? throw new UsageException($"There is no type {type}; there are {string.Join(", ", QuantizationMix.Names)}.");
        return (shape, mix);
    }

    /// <summary>The options that change a shape, mostly to shrink it.</summary>
    private sealed class ShapeOptions
    {
        private readonly Option<int?> _layers = Number("--layers", "Layers, if others than the shape's.");
        private readonly Option<int?> _hidden = Number("--hidden", "Width of the residual stream.");
        private readonly Option<int?> _intermediate = Number("--intermediate", "Width of the feed-forward layers.");
        private readonly Option<int?> _heads = Number("--heads", "Query heads.");
        private readonly Option<int?> _keyValueHeads = Number("--kv-heads", "Key and value heads.");
        private readonly Option<int?> _headDim = Number("--head-dim", "Values in a head.");
        private readonly Option<int?> _context = Number("--context", "The context the file says it was trained for, in tokens.");
        private readonly Option<int?> _experts = Number("--experts", "Experts in a layer (Llama 4).");
        private readonly Option<int?> _expertIntermediate = Number("--expert-intermediate", "Width of an expert (Llama 4).");

        public void AddTo(Command command)
        {
            foreach (var option in (Option[])[_layers, _hidden, _intermediate, _heads, _keyValueHeads, _headDim, _context, _experts, _expertIntermediate])
                command.Options.Add(option);
        }

        public SyntheticShape Apply(ParseResult result, SyntheticShape shape)
        {
            foreach (var option in (Option<int?>[])[_experts, _expertIntermediate])
            {
                if (result.GetValue(option) is not null && shape.ExpertCount == 0)
                    throw new UsageException($"{option.Name}: {shape.Name} has no experts.");
            }
            shape = shape with
            {
                LayerCount = result.GetValue(_layers) ?? shape.LayerCount,
                HiddenSize = result.GetValue(_hidden) ?? shape.HiddenSize,
                IntermediateSize = result.GetValue(_intermediate) ?? shape.IntermediateSize,
                HeadCount = result.GetValue(_heads) ?? shape.HeadCount,
                KeyValueHeadCount = result.GetValue(_keyValueHeads) ?? shape.KeyValueHeadCount,
                HeadDim = result.GetValue(_headDim) ?? shape.HeadDim,
                ContextLength = result.GetValue(_context) ?? shape.ContextLength,
                ExpertCount = result.GetValue(_experts) ?? shape.ExpertCount,
                ExpertIntermediateSize = result.GetValue(_expertIntermediate) ?? shape.ExpertIntermediateSize,
            };
            return shape.FindProblem() is { } problem ? throw new UsageException($"{shape.Name}: {problem}.") : shape;
        }

        private static Option<int?> Number(string name, string description) => new(name) { Description = description, HelpName = "N" };
    }
}
