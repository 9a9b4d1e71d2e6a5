using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// What all layers need to know of a batch: where its documents lie, what each token sees, and how far each position turns.
/// </summary>
internal sealed class BatchPlan
{
    private readonly TrainingBatch _batch;
    private readonly int[] _firstSeen;
    private readonly int[] _firstSeenLocally;
    private readonly RotaryAngles _angles;

    public BatchPlan(TrainingBatch batch, RotaryAngles angles, LlamaConfig config)
    {
        (_batch, _angles) = (batch, angles);
        _firstSeen = batch.FirstSeen(null);
        _firstSeenLocally = config.LocalAttention is { } local ? batch.FirstSeen(local) : _firstSeen;
        angles.Reserve(batch.Documents.Max(document => document.Length));
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
    public int Pairs => _angles.Pairs;

    /// <summary>Of each position, <c>[positions, pairs]</c>.</summary>
    public ReadOnlySpan<float> Cosines => _angles.Cosines;

    /// <summary>Of each position, <c>[positions, pairs]</c>.</summary>
    public ReadOnlySpan<float> Sines => _angles.Sines;
}
