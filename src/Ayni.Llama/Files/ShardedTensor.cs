using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A tensor of a checkpoint in model-parallel parts, and how it is put together from them. Immutable.</summary>
internal sealed record ShardedTensor
{
    /// <summary>The whole.</summary>
    public required ModelTensor Tensor { get; init; }

    /// <summary>How parts make up the whole; never <see cref="ShardAxis.Either"/>.</summary>
    public required ShardAxis Axis { get; init; }

    /// <summary>Where its first matrix starts in what each part stores under the name, in bytes.</summary>
    public long Start { get; init; }

    /// <summary>Bytes of a matrix in a part; the matrices of experts follow one another.</summary>
    public required long PartBytes { get; init; }

    /// <summary>Rows of a matrix in a part.</summary>
    public required int PartRows { get; init; }

    /// <summary>How many parts in a row hold the same.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Whether a row belongs to an input.</summary>
    public bool IsByInput { get; init; }

    /// <summary>One of its matrices, <c>[outputs, inputs]</c>, or the vector that it is.</summary>
    /// <param name="shards">All parts, in order.</param>
    /// <param name="matrix">Its number: that of the expert, or 0.</param>
    public TensorContent Read(IReadOnlyList<TorchCheckpoint> shards, int matrix)
    {
        TensorData[] parts =
        [
            .. shards.Take(Axis == ShardAxis.Replicated ? 1 : shards.Count)
                .Select(shard => shard.Data(shard.Tensors[Tensor.StoredName]).Slice(Start + matrix * PartBytes, PartBytes)),
        ];
        if (Copies > 1)
            parts = Originals(shards, parts);
        var whole = parts is [var only] ? new TensorContent(only) : new TensorContent(Join(parts, Axis == ShardAxis.Rows ? 1 : PartRows));
        if (!IsByInput)
            return whole;
        using (whole)
        {
            var numberBytes = (int)TensorTypes.FormatOf(Tensor.Type!.Value).Bytes;
            return new TensorContent(ExpertMatrices.ToOutputRows(whole.Data, (int)Tensor.Dimensions[0], 0, (int)Tensor.Dimensions[1], numberBytes));
        }
    }

    /// <summary>One of each group of parts that have the same.</summary>
    private TensorData[] Originals(IReadOnlyList<TorchCheckpoint> shards, TensorData[] parts)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            var first = i / Copies * Copies;
            if (!parts[first].Span(0, checked((int)PartBytes)).SequenceEqual(parts[i].Span(0, checked((int)PartBytes))))
            {
                throw new ModelFormatException(
                    shards[i].Path, Tensor.Offset, Tensor.StoredName,
                    $"{Copies} parts share a key-value head by their shapes, but this part and that of {Path.GetFileName(shards[first].Path)} differ");
            }
        }
        return [.. parts.Where((_, i) => i % Copies == 0)];
    }

    /// <summary>Joins parts run by run: whole parts one after another, or a row of each part in turn.</summary>
    private static NativeBuffer Join(TensorData[] parts, int runs)
    {
        const int MaxCopy = 1 << 30;
        var joined = new NativeBuffer(parts.Sum(part => part.Bytes));
        var target = 0L;
        for (var run = 0; run < runs; run++)
        {
            foreach (var part in parts)
            {
                var (start, length) = (part.Bytes / runs * run, part.Bytes / runs);
                for (var done = 0L; done < length;)
                {
                    var count = (int)Math.Min(MaxCopy, length - done);
                    part.Span(start + done, count).CopyTo(joined.Span<byte>(target, count));
                    done += count;
                    target += count;
                }
            }
        }
        foreach (var part in parts)
            part.DropPages();
        return joined;
    }
}
