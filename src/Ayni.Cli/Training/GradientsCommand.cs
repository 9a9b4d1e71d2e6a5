using System.CommandLine;
using System.Globalization;
using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Training;

namespace Ayni.Cli;

/// <summary>
/// <c>ayni gradients</c>: the loss of a batch and the gradient of every weight, for comparison with another implementation.
/// </summary>
internal static class GradientsCommand
{
    public static Command Create()
    {
        var model = ModelOption.Model();
        var threads = ModelOption.Threads();
        var batch = new Option<string>("--batch", "-b")
        {
            Description = "The batch: a JSON file with ids and labels, a row a sequence; a label of -100 is not learned.",
            HelpName = "F.json",
            Required = true,
        };
        var output = new Option<string>("--out", "-o")
        {
            Description = "The safetensors file to write.",
            HelpName = "F.safetensors",
            Required = true,
        };
        var adapter = new Option<string?>("--adapter")
        {
            Description = "Add this adapter (a PEFT folder) and write its gradients instead.",
            HelpName = "DIR",
        };
        var recompute = new Option<bool>("--recompute") { Description = "Keep less in memory and compute more." };
        var force = ModelOption.Force();
        var json = new Option<bool>("--json") { Description = "Print JSON, for scripts." };
        var command = new Command(
            "gradients",
            """
            Compute the loss of a batch, the mean cross-entropy of every labelled token after those before it, and write its gradient by
            every weight.

            Example:
              ayni gradients --model llama/ --batch batch.json --out gradients.safetensors
            """)
        {
            model, batch, output, adapter, recompute, force, threads, json,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            var to = result.GetValue(output)!;
            if (Path.Exists(to) && !result.GetValue(force))
                throw new UsageException($"{to} is there already; name another one to write, or replace it with --force.");
            using var context = new ComputeContext(KernelTier.Simd, ModelOption.CheckThreads(result.GetValue(threads)));
            using var source = ModelSource.Open(ModelOption.Find(result.GetValue(model)));
            var trainable = TrainableModel.Load(source, cancellationToken);
            if (ModelOption.FindAdapter(result.GetValue(adapter)) is { } folder)
                trainable.Attach(LowRankAdapter.Read(folder, trainable));
            var tokens = BatchFile.Read(result.GetValue(batch)!, trainable.Config);
            if (tokens.LossTerms == 0)
                throw new UsageException($"{result.GetValue(batch)}: there is nothing to learn: no token behind another has a label.");
            var pass = new GradientPass(trainable, context, result.GetValue(recompute));
            var loss = pass.AddGradients(tokens, tokens.LossTerms) / tokens.LossTerms;
            var norm = TrainingStep.GradientNorm(trainable.TrainableParameters, context);
            if (trainable.Adapter is { } trained)
                trained.WriteGradients(to, trainable);
            else
                ParameterFile.WriteGradients(to, source, trainable);
            Write(loss, tokens.LossTerms, norm, to, result.GetValue(json));
            return 0;
        }, cancellationToken));
        return command;
    }

    private static void Write(double loss, int lossTerms, double norm, string path, bool json)
    {
        if (!json)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"loss {loss:F6} over {lossTerms} tokens, gradient norm {norm:F6}; gradients in {path}"));
            return;
        }
        Output.WriteJson(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("loss", loss);
            writer.WriteNumber("loss_terms", lossTerms);
            writer.WriteNumber("gradient_norm", norm);
            writer.WriteString("path", path);
            writer.WriteEndObject();
        });
    }
}
