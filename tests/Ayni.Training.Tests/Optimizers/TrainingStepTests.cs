using Ayni.Kernels;

namespace Ayni.Training.Tests;

public sealed class TrainingStepTests
{
    [Fact]
    public void Several_small_batches_make_the_step_of_one_large_one()
    {
        var (whole, divided) = (Shapes.Create("experts"), Shapes.Create("experts"));
        var documents = Shapes.Documents(whole, 40, 7, 25);
        var one = Step(whole, [TrainingBatch.Create(documents, whole.Config)]);
        var three = Step(divided, [.. documents.Select(document => TrainingBatch.Create([document], divided.Config))]);
        Assert.Equal(one.LossTerms, three.LossTerms);
        Assert.Equal(one.Loss, three.Loss, 1e-6);
        Assert.Equal(one.GradientNorm, three.GradientNorm, 1e-4);
    }

    [Fact]
    public void A_loss_that_is_no_number_leaves_the_parameters_as_they_are()
    {
        var model = Shapes.Create("grouped queries");
        model.Parameters[^1].Values[0] = float.NaN;
        var before = model.Parameters[1].Values.ToArray();
        Assert.False(double.IsFinite(Step(model, [Shapes.Batch(model, 20)]).Loss));
        Assert.Equal(before, model.Parameters[1].Values);
    }

    [Fact]
    public void A_step_without_anything_to_learn_is_refused()
    {
        var model = Shapes.Create("grouped queries");
        Assert.Throws<BatchException>(() => Step(model, [TrainingBatch.Create([(new[] { 1 }, new[] { 1 })], model.Config)]));
    }

    private static StepResult Step(TrainableModel model, IReadOnlyList<TrainingBatch> batches)
    {
        using var context = new ComputeContext(KernelTier.Simd, 2);
        var optimizer = new AdamW(model.TrainableParameters, new AdamWSettings(), context);
        return new TrainingStep(model, new GradientPass(model, context), optimizer, 1, context).Run(batches, 1e-3);
    }
}
