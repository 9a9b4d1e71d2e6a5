using System.CommandLine;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary><c>ayni quantize</c>: writes a model in fewer bits.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("in") { Description = "The GGUF file to read." };
        var destination = new Argument<string>("out") { Description = "The GGUF file to write." };
        var type = new Option<string>("--type", "-t")
        {
            Description = $"How to write it: {string.Join(", ", QuantizationMix.Names)}.",
            HelpName = "TYPE",
            Required = true,
        };
        var twice = new Option<bool>("--allow-requantize") { Description = "Quantize again what is quantized already, adding the errors up." };
        var matrix = new Option<string?>("--imatrix")
        {
            Description = "Weigh errors by this importance matrix, of ayni imatrix or llama.cpp (GGUF or .dat).",
            HelpName = "FILE",
        };
        var force = ModelOption.Force();
        var threads = ModelOption.Threads();
        var command = new Command(
            "quantize",
            """
            Write a model in fewer bits.

            Example:
              ayni quantize model-f16.gguf model-q4.gguf --type Q4_K_M
            """)
        {
            source, destination, type, matrix, twice, force, threads,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            var name = result.GetValue(type)!;
            var mix = QuantizationMix.Find(name)
                ?? throw new UsageException($"--type {name}: expected one of {string.Join(", ", QuantizationMix.Names)}.");
            var (from, to) = (result.GetValue(source)!, result.GetValue(destination)!);
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new UsageException($"{to} is the file to be read; name another one to write.");
            if (Path.Exists(to) && !result.GetValue(force))
                throw new UsageException($"{to} is there already; name another one to write, or replace it with --force.");
            var importance = result.GetValue(matrix) is { } path ? OpenImportance(path) : null;
            from = ModelOption.Find(from);
            using var file = GgufFile.Open(from);
            var provenance = file.Metadata.FindString(ModelSource.ProvenanceKey) is { } digest ? ModelProvenance.Find(from, digest) : null;
            var workers = ModelOption.CheckThreads(result.GetValue(threads));
            ImportanceUse use;
            using (var progress = new LoadProgress("Quantizing", Path.GetFileName(to)))
                use = ModelQuantizer.Quantize(file, to, mix, result.GetValue(twice), workers, importance, progress, cancellationToken);
            provenance?.CopyBeside(to);
            var length = new FileInfo(to).Length;
            Console.Error.WriteLine($"{to}: {length:N0} bytes, {(double)length / file.FileBytes:P0} of {from}");
            if (importance is not null)
                WriteUse(use);
            return 0;
        }));
        return command;
    }

    private static ImportanceMatrix OpenImportance(string path) =>
        File.Exists(path) ? ImportanceMatrix.Open(path) : throw new UsageException($"There is no file {path}.");

    private static void WriteUse(ImportanceUse use)
    {
        const int Shown = 3;
        var names = string.Join(", ", use.Unweighted.Take(Shown)) + (use.Unweighted.Length > Shown ? ", ..." : "");
        Console.Error.WriteLine(
            $"{use.Weighted} matrices weighted by importance, {use.Unweighted.Length} without" + (names.Length > 0 ? $": {names}" : ""));
    }
}
