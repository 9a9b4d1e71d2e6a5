using System.CommandLine;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary><c>ayni imatrix</c>: collects what a text sends into a model's matrices, for <c>ayni quantize --imatrix</c>.</summary>
internal static class ImportanceMatrixCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var threads = ModelOption.Threads();
        var text = new Option<string>("--file", "-f")
        {
            Description = "The text to compute, in UTF-8, like what the model is for.",
            HelpName = "FILE",
            Required = true,
        };
        var output = new Option<string>("--output", "-o") { Description = "The file to write.", HelpName = "FILE", Required = true };
        var context = new Option<int>("--context", "-c") { Description = "Tokens in a chunk.", HelpName = "N", DefaultValueFactory = _ => 512 };
        var force = new Option<bool>("--force") { Description = "Replace what is there under the name to write." };
        var json = new Option<bool>("--json") { Description = "Print JSON, for scripts." };
        var command = new Command(
            "imatrix",
            """
            Collect an importance matrix: how strong the inputs of every column of a model's matrices are on a text. Ayni quantize weighs its errors by
            it, and so does llama.cpp, whose imatrix measures alike. The output head is left out.

            Example:
              ayni imatrix --model model-f16.gguf --file texts.txt -o imatrix.gguf
              ayni quantize model-f16.gguf model-q2.gguf --type Q2_K --imatrix imatrix.gguf
            """)
        {
            model, text, output, context, force, json, threads,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            var (from, to) = (result.GetValue(text)!, result.GetValue(output)!);
            MeasuredText.RequireFile(from);
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new UsageException($"{to} is the file to be read; name another one to write.");
            if (Path.Exists(to) && !result.GetValue(force))
                throw new UsageException($"{to} is there already; name another one to write, or replace it with --force.");
            using var loaded = ModelOption.Load(result.GetValue(model), result.GetValue(threads), cancellationToken);
            var size = result.GetValue(context);
            var ids = MeasuredText.Encode(loaded, from, size);
            ImportanceMatrix collected;
            using (var progress = new LoadProgress("Collecting from", Path.GetFileName(from)))
                collected = ImportanceCollector.Collect(loaded, ids, size, Path.GetFileName(from), progress, cancellationToken);
            collected.Save(to);
            Write(collected, to, result.GetValue(json));
            return 0;
        }));
        return command;
    }

    private static void Write(ImportanceMatrix collected, string path, bool json)
    {
        var matrices = collected.Entries.Sum(entry => entry.Counts.Length);
        var unused = collected.Entries.Sum(entry => entry.Counts.Count(count => count == 0));
        if (json)
        {
            Output.WriteJson(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("path", path);
                writer.WriteNumber("entries", collected.Entries.Count);
                writer.WriteNumber("matrices", matrices);
                writer.WriteNumber("unused_matrices", unused);
                writer.WriteNumber("context", collected.ChunkSize);
                writer.WriteNumber("chunks", collected.ChunkCount);
                writer.WriteEndObject();
            });
            return;
        }
        Console.WriteLine($"{path}: the inputs of {matrices} matrices over {collected.ChunkCount} chunks of {collected.ChunkSize} tokens");
        if (unused > 0)
        {
            Console.Error.WriteLine(
                $"ayni: warning: {unused} experts' matrices got no token, and will be quantized without importance. Take more text.");
        }
    }
}
