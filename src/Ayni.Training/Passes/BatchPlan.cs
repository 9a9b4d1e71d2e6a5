using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// What all layers need to know of a batch: where its documents lie, what each token sees, and how far each position turns.
/// </summary>
internal sealed class BatchPlan
{
    private readonly TrainingBatch _batch;
    private readonly int[] _firstSeen;
    private readonly int[] _firstSeenLocally;
    private readonly float[] _cosines;
    private readonly float[] _sines;

    public BatchPlan(TrainingBatch batch, TrainableModel model)
    {
        var config = model.Config;
        _batch = batch;
        _firstSeen = batch.FirstSeen(null);
        _firstSeenLocally = config.LocalAttention is { } local ? batch.FirstSeen(local) : _firstSeen;
        _cosines = new float[batch.TokenCount * model.InverseFrequencies.Length];
        _sines = new float[_cosines.Length];
        RotaryEmbedding.Angles(batch.Positions, model.InverseFrequencies, config.RotaryScaling?.Magnitude ?? 1, _cosines, _sines);
    }

    public int Tokens => _batch.TokenCount;

    public ReadOnlySpan<int> Positions => _batch.Positions;

    public ReadOnlySpan<AttentionDocument> Documents => _batch.Documents.AsSpan();

    /// <summary>The first token that each sees in a layer that attends to all that came before.</summary>
    public ReadOnlySpan<int> FirstSeen => _firstSeen;

    /// <summary>The same in a layer with local attention.</summary>
    public ReadOnlySpan<int> FirstSeenLocally => _firstSeenLocally;

    /// <summary><c>[tokens, rotaryDim / 2]</c>.</summary>
    public ReadOnlySpan<float> Cosines => _cosines;

    /// <summary><c>[tokens, rotaryDim / 2]</c>.</summary>
    public ReadOnlySpan<float> Sines => _sines;
}
