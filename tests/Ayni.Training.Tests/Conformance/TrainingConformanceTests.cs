using Ayni.Kernels;
using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>Losses, gradients and parameters against PyTorch's.</summary>
public sealed class TrainingConformanceTests
{
    private const double LossTolerance = 2e-5;

    [ConformanceTheory]
    [InlineData("llama3-micro")]
    [InlineData("llama3-micro-tied")]
    [InlineData("llama4-micro")]
    public void Gradients_are_those_of_the_reference(string name)
    {
        var reference = new TrainingCase(name);
        using var context = new ComputeContext(KernelTier.Simd, 2);
        using var source = ModelSource.Open(reference.Folder);
        using var output = new TemporaryFile();
        var model = TrainableModel.Load(source);
        var batch = reference.Batch(model.Config);
        var loss = new GradientPass(model, context).AddGradients(batch, batch.LossTerms);
        Assert.Equal(reference.Losses[0], loss / batch.LossTerms, LossTolerance);
        Assert.Equal(reference.GradientNorms[0], TrainingStep.GradientNorm(model.Parameters, context), 1e-4);
        ParameterFile.WriteGradients(output.Path, source, model);
        TrainingCase.AssertGradientsEqual(reference.PathOf("grads.safetensors"), output.Path);
    }

    [ConformanceTheory]
    [InlineData("llama3-micro")]
    [InlineData("llama3-micro-tied")]
    [InlineData("llama4-micro")]
    public void Five_steps_of_AdamW_go_where_the_reference_goes(string name)
    {
        var reference = new TrainingCase(name);
        using var context = new ComputeContext(KernelTier.Simd, 2);
        using var source = ModelSource.Open(reference.Folder);
        using var output = new TemporaryFile();
        var model = TrainableModel.Load(source);
        var batch = reference.Batch(model.Config);
        var pass = new GradientPass(model, context);
        var optimizer = new AdamW(model.TrainableParameters, reference.Settings, context);
        var step = new TrainingStep(model, pass, optimizer, reference.ClipNorm, context);
        for (var i = 0; i < 5; i++)
        {
            var result = step.Run([batch], reference.Rate);
            Assert.Equal(reference.Losses[i], result.Loss, LossTolerance);
            Assert.Equal(reference.GradientNorms[i], result.GradientNorm, 1e-4);
            Assert.Equal(batch.LossTerms, result.LossTerms);
            if (i is not (0 or 4))
                continue;
            ParameterFile.WriteValues(output.Path, source, model);
            TrainingCase.AssertParametersEqual(reference.PathOf($"params_after_{i + 1}.safetensors"), output.Path);
        }
        Assert.Equal(reference.Losses[5], pass.Evaluate(batch) / batch.LossTerms, LossTolerance);
    }

    [ConformanceFact]
    public void An_adapter_learns_as_the_reference_does()
    {
        var reference = new TrainingCase("llama3-micro-lora");
        using var context = new ComputeContext(KernelTier.Simd, 2);
        using var source = ModelSource.Open(Path.Combine(reference.Folder, "..", "llama3-micro"));
        using var folder = new TemporaryFolder();
        var gradients = folder.PathOf("gradients.safetensors");
        var model = TrainableModel.Load(source);
        model.Attach(LowRankAdapter.Read(InitialAdapter(reference, folder), model));
        var batch = reference.Batch(model.Config);
        var pass = new GradientPass(model, context);
        var optimizer = new AdamW(model.TrainableParameters, reference.Settings, context);
        var step = new TrainingStep(model, pass, optimizer, reference.ClipNorm, context);
        for (var i = 0; i < 5; i++)
        {
            if (i == 0)
            {
                pass.AddGradients(batch, batch.LossTerms);
                model.Adapter!.WriteGradients(gradients, model);
                TrainingCase.AssertGradientsEqual(reference.PathOf("grads_step0.safetensors"), gradients);
            }
            var result = step.Run([batch], reference.Rate);
            Assert.Equal(reference.Losses[i], result.Loss, LossTolerance);
            Assert.Equal(reference.GradientNorms[i], result.GradientNorm, 1e-4);
            if (i is not (0 or 4))
                continue;
            model.Adapter!.Write(folder.PathOf("adapter"), model);
            TrainingCase.AssertParametersEqual(
                reference.PathOf(i == 0 ? "adapter_after_1.safetensors" : "adapter_model.safetensors"),
                    folder.PathOf("adapter", "adapter_model.safetensors"));
        }
        foreach (var parameter in model.TrainableParameters)
            Array.Clear(parameter.Gradient);
        Assert.Equal(reference.Losses[5], pass.AddGradients(batch, batch.LossTerms) / batch.LossTerms, LossTolerance);
        model.Adapter!.WriteGradients(gradients, model);
        TrainingCase.AssertGradientsEqual(reference.PathOf("grads_after_5.safetensors"), gradients);
    }

    [ConformanceFact]
    public void An_adapter_gives_the_same_logits_beside_the_model_and_merged_into_it()
    {
        var reference = new TrainingCase("llama3-micro-lora");
        using var context = new ComputeContext(KernelTier.Simd, 2);
        using var source = ModelSource.Open(Path.Combine(reference.Folder, "..", "llama3-micro"));
        var model = TrainableModel.Load(source);
        AssertLogits(model, reference, "logits_base.f32", 2e-4, context);
        model.Attach(LowRankAdapter.Read(reference.Folder, model));
        AssertLogits(model, reference, "logits_adapter.f32", 2e-4, context);
        model.Merge(context);
        Assert.Null(model.Adapter);
        AssertLogits(model, reference, "logits_adapter.f32", 2e-4, context);
    }

    private static void AssertLogits(TrainableModel model, TrainingCase reference, string file, double tolerance, ComputeContext context)
    {
        var expected = Ayni.Tests.Conformance.ReadFloats("training", "llama3-micro-lora", file);
        var logits = new float[expected.Length];
        new GradientPass(model, context).ComputeLogits(reference.Batch(model.Config), logits);
        Assert.InRange(expected.Zip(logits, (e, a) => Math.Abs((double)e - a)).Max(), 0, tolerance);
    }

    private static string InitialAdapter(TrainingCase reference, TemporaryFolder folder)
    {
        var path = folder.PathOf("initial");
        Directory.CreateDirectory(path);
        File.Copy(reference.PathOf("adapter_config.json"), Path.Combine(path, "adapter_config.json"));
        File.Copy(reference.PathOf("adapter_init.safetensors"), Path.Combine(path, "adapter_model.safetensors"));
        return path;
    }
}
