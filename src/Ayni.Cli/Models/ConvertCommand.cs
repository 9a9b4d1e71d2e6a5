using System.CommandLine;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary><c>ayni convert</c>: writes a model in another kind of file.</summary>
internal static class ConvertCommand
{
    private static readonly string[] FloatTypes = ["F32", "F16", "BF16"];

    public static Command Create()
    {
        var source = new Argument<string>("in") { Description = "The model to read: a GGUF file, a Hugging Face folder or a folder with Meta's download." };
        var destination = new Argument<string>("out") { Description = "What to write: a file that ends in .gguf, or a folder." };
        var type = new Option<string?>("--type", "-t")
        {
            Description = "How to write the weights: F32, F16, BF16, or in GGUF any type of 'ayni quantize'. "
                + "Without it they stay as they are; quantized ones become F16 outside GGUF.",
            HelpName = "TYPE",
        };
        var format = new Option<string?>("--to")
        {
            Description = "The kind of file: gguf, safetensors or meta. Without it, GGUF for a name that ends in .gguf, else safetensors.",
            HelpName = "KIND",
        };
        var force = ModelOption.Force();
        var threads = ModelOption.Threads();
        var command = new Command(
            "convert",
            """
            Write a model in another kind of file, with its configuration and tokenizer: GGUF, a Hugging Face folder (safetensors) or Meta's own files.

            Examples:
              ayni convert Llama-3.2-1B/ llama-3.2-1b.gguf --type F16
              ayni convert llama-3.2-1b.gguf Llama-3.2-1B/ --type BF16
              ayni convert Llama-3.2-1B/ meta/ --to meta
            """)
        {
            source, destination, type, format, force, threads,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            var (from, to) = (ModelOption.Find(result.GetValue(source)), result.GetValue(destination)!);
            var kind = Kind(result.GetValue(format), to);
            var mix = Mix(result.GetValue(type), kind);
            if (!result.GetValue(force) && (File.Exists(to) || (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())))
                throw new UsageException($"{to} is there already; name another one to write, or replace it with --force.");
            var workers = ModelOption.CheckThreads(result.GetValue(threads));
            using var model = ModelSource.Open(from);
            var provenance = model.ProvenanceDigest is { } digest ? ModelProvenance.Find(from, digest) : null;
            using (var progress = new LoadProgress("Converting", Path.GetFileName(Path.TrimEndingDirectorySeparator(to))))
                ModelConverter.Convert(model, to, kind, mix, result.GetValue(force), workers, null, progress, cancellationToken);
            provenance?.CopyBeside(to);
            var bytes = kind == ModelFormat.Gguf ? new FileInfo(to).Length : Directory.EnumerateFiles(to).Sum(file => new FileInfo(file).Length);
            Console.Error.WriteLine($"{to}: {bytes:N0} bytes");
            return 0;
        }));
        return command;
    }

    private static ModelFormat Kind(string? named, string to)
    {
        var isGgufName = to.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
        var kind = named?.ToUpperInvariant() switch
        {
            null => isGgufName ? ModelFormat.Gguf : ModelFormat.Safetensors,
            "GGUF" => ModelFormat.Gguf,
            "SAFETENSORS" => ModelFormat.Safetensors,
            "META" => ModelFormat.Meta,
            _ => throw new UsageException($"--to {named}: expected gguf, safetensors or meta."),
        };
        return isGgufName == (kind == ModelFormat.Gguf)
            ? kind
            : throw new UsageException($"{to}: a GGUF file's name ends in .gguf, and that of a folder of other files does not.");
    }

    private static QuantizationMix? Mix(string? name, ModelFormat kind)
    {
        if (name is null)
            return null;
        string[] names = kind == ModelFormat.Gguf ? [.. QuantizationMix.Names] : FloatTypes;
        return QuantizationMix.Find(name) is { } mix && names.Contains(mix.Name)
            ? mix
            : throw new UsageException($"--type {name}: expected one of {string.Join(", ", names)}.");
    }
}
