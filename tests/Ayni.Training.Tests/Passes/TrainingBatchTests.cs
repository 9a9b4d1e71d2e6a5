namespace Ayni.Training.Tests;

public sealed class TrainingBatchTests
{
    [Theory]
    [InlineData(new int[0], new int[0], "is empty")]
    [InlineData(new[] { 1, 2 }, new[] { 1 }, "2 ids and 1 labels")]
    [InlineData(new[] { 1, 37 }, new[] { 1, 1 }, "token 1: the id 37 is not in the vocabulary of 37")]
    [InlineData(new[] { 1, -1 }, new[] { 1, 1 }, "the id -1")]
    [InlineData(new[] { 1, 1 }, new[] { 1, 37 }, "the label 37 is neither in the vocabulary of 37 nor -100")]
    [InlineData(new[] { 1, 1 }, new[] { 1, -99 }, "the label -99")]
    public void What_no_model_could_compute_is_refused_by_place(int[] ids, int[] labels, string expected)
    {
        var model = Shapes.Create("grouped queries");
        var error = Assert.Throws<BatchException>(() => TrainingBatch.Create([(new[] { 3 }, new[] { 3 }), (ids, labels)], model.Config));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("sequence 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sequence_longer_than_the_context_is_refused()
    {
        var model = Shapes.Create("grouped queries");
        var ids = new int[model.Config.ContextLength + 1];
        Assert.Contains("context of 200", Assert.Throws<BatchException>(() => TrainingBatch.Create([(ids, ids)], model.Config)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_batch_is_refused() =>
        Assert.Throws<BatchException>(() => TrainingBatch.Create([], Shapes.Create("grouped queries").Config));

    [Fact]
    public void The_first_label_and_those_masked_are_no_loss_terms()
    {
        var model = Shapes.Create("grouped queries");
        var batch = TrainingBatch.Create([(new[] { 1, 2, 3 }, new[] { 1, 2, TrainingBatch.Masked }), (new[] { 4 }, new[] { 4 })],
            model.Config);
        Assert.Equal(1, batch.LossTerms);
        Assert.Equal(4, batch.TokenCount);
    }
}
