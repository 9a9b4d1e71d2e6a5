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
        var positions = Enumerable.Range(0, batch.Documents.Max(document => document.Length)).ToArray();
        _cosines = new float[positions.Length * model.InverseFrequencies.Length];
        _sines = new float[_cosines.Length];
        RotaryEmbedding.Angles(positions, model.InverseFrequencies, config.RotaryScaling?.Magnitude ?? 1, _cosines, _sines);
        Pairs = model.InverseFrequencies.Length;
    }

    public int Tokens => _batch.TokenCount;

    /// <summary>All tokens.</summary>
    public TokenRange All => new(0, Tokens);

    public ReadOnlySpan<int> Positions => _batch.Positions;

    public ReadOnlySpan<AttentionDocument> Documents => _batch.Documents.AsSpan();

    /// <summary>The first token that each sees in a layer that attends to all that came before.</summary>
    public ReadOnlySpan<int> FirstSeen => _firstSeen;

    /// <summary>The same in a layer with local attention.</summary>
    public ReadOnlySpan<int> FirstSeenLocally => _firstSeenLocally;

    /// <summary>Pairs of a head's values that are turned.</summary>
    public int Pairs { get; }

    /// <summary>Of each position, <c>[positions, pairs]</c>.</summary>
    public ReadOnlySpan<float> Cosines => _cosines;

    /// <summary>Of each position, <c>[positions, pairs]</c>.</summary>
    public ReadOnlySpan<float> Sines => _sines;
}
