using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// Weights packed for a stretch of a pass in which blocks of tokens go through several products (<see cref="PassState.ForEachBlock"/>).
/// Filled by one thread, read by many.
/// </summary>
internal sealed class PackedWeights
{
    private readonly List<PackedOperand> _memory = [];
    private readonly List<(Parameter Weight, PassDirection Direction)> _packed = [];

    /// <summary>Packs matrices in place of those before.</summary>
    public void Pack(ReadOnlySpan<Linear[]> groups, PassDirection directions, PassState pass)
    {
        _packed.Clear();
        foreach (var group in groups)
        {
            foreach (var projection in group)
            {
                if (directions.HasFlag(PassDirection.Forward))
                    Pack(projection, PassDirection.Forward, projection.Weight.View.Transposed, pass);
                if (directions.HasFlag(PassDirection.Backward))
                    Pack(projection, PassDirection.Backward, projection.Weight.View, pass);
            }
        }
    }

    public void Clear() => _packed.Clear();

    /// <summary>What one way is multiplied by; null where it is not packed.</summary>
    public PackedOperand? Find(Parameter weight, PassDirection direction)
    {
        for (var i = 0; i < _packed.Count; i++)
        {
            if (_packed[i].Direction == direction && ReferenceEquals(_packed[i].Weight, weight))
                return _memory[i];
        }
        return null;
    }

    private void Pack(Linear projection, PassDirection direction, MatrixView matrix, PassState pass)
    {
        if (_memory.Count == _packed.Count)
            _memory.Add(new PackedOperand(OperandSide.Right));
        _memory[_packed.Count].Pack(matrix, pass.Precision, pass.Context);
        _packed.Add((projection.Weight, direction));
    }
}
