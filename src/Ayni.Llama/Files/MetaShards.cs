using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>
/// Says how the tensors of Meta's model-parallel parts make up a model's, after <c>models/checkpoint.py</c> of <c>llama-models</c>. Reads
/// no weights.
/// </summary>
/// <param name="parameters">The fields of <c>params.json</c>.</param>
/// <param name="shards">The parts, in order.</param>
internal sealed class MetaShards(JsonFields parameters, IReadOnlyList<TorchCheckpoint> shards)
{
    private readonly int _dim = parameters.Dimension("dim");

    /// <summary>
    /// The tensors that one of the first part's name holds: one, or several that lie in it together. Throws
    /// <see cref="ModelFormatException"/> naming it if the parts are not of one type and shape, or of one that doesn't fit the model.
    /// </summary>
    public IEnumerable<ShardedTensor> Describe(TorchTensor stored)
    {
        RequireInAllParts(stored);
        var known = MetaNames.Find(stored.Name);
        if (known is null or { Axis: ShardAxis.Replicated, IsByInput: false })
        {
            var name = known?.Names[0] ?? ModelTensor.UnknownPrefix + stored.Name;
            return
            [
                new ShardedTensor
                {
                    Tensor = Whole(stored, name, [.. stored.Shape.Reverse()], stored.Bytes),
                    Axis = ShardAxis.Replicated,
                    PartBytes = stored.Bytes,
                    PartRows = 1,
                },
            ];
        }
        if (stored.Shape is not [var rows, var columns])
            throw Error(stored, $"it has {stored.Shape.Length} dimensions, not 2");
        if (rows is <= 0 or > int.MaxValue || columns is <= 0 or > int.MaxValue)
            throw Error(stored, $"a matrix of {rows} rows and {columns} columns is none that Ayni reads");
        var axis = known.Axis != ShardAxis.Either ? known.Axis : columns == _dim ? ShardAxis.Rows : ShardAxis.Columns;
        return known.IsByInput
            ? [ByInput(stored, known, (int)rows, (int)columns)]
            : ByOutput(stored, known with { Axis = axis }, (int)rows, (int)columns);
    }

    private List<ShardedTensor> ByOutput(TorchTensor stored, MetaTensor known, int rows, int columns)
    {
        var shares = SharesOf(stored, known);
        var all = shares.Sum(share => (long)share);
        if (rows % all != 0)
            throw Error(stored, $"its {rows} rows in each part are not {string.Join(" + ", shares)} heads or networks of one size");
        var tensors = new List<ShardedTensor>();
        var (start, rowBytes) = (0L, stored.Bytes / rows);
        foreach (var (name, share) in known.Names.Zip(shares))
        {
            var partRows = (int)(rows / all * share);
            var (width, height) = Joined(known.Axis, columns, partRows);
            var copies = name.Split('.') is [.., "attn_k" or "attn_v", "weight"] ? CopiesOf(height) : 1;
            tensors.Add(new ShardedTensor
            {
                Tensor = Whole(stored, name, [width, height / copies], partRows * rowBytes * shards.Count / copies) with
                {
                    Offset = stored.Offset + start,
                },
                Axis = known.Axis,
                Start = start,
                PartBytes = partRows * rowBytes,
                PartRows = partRows,
                Copies = copies,
            });
            start += partRows * rowBytes;
        }
        return tensors;
    }

    /// <summary>A router, or the matrices of all experts.</summary>
    private ShardedTensor ByInput(TorchTensor stored, MetaTensor known, int rows, int columns)
    {
        var isStack = known.Names[0].EndsWith("_exps.weight", StringComparison.Ordinal);
        var count = isStack ? ExpertCount(stored) : 1;
        if (rows % count != 0)
            throw Error(stored, $"its {rows} rows are not those of {count} experts");
        var (outputs, inputs) = Joined(known.Axis, columns, rows / count);
        if (inputs > LlamaConfig.MaxDimension || outputs > LlamaConfig.MaxDimension || inputs * outputs > int.MaxValue)
            throw Error(stored, $"a matrix of {inputs} inputs and {outputs} outputs is too large");
        var bytes = known.Axis == ShardAxis.Replicated ? stored.Bytes : stored.Bytes * shards.Count;
        return new ShardedTensor
        {
            Tensor = Whole(stored, known.Names[0], isStack ? [inputs, outputs, count] : [inputs, outputs], bytes),
            Axis = known.Axis,
            PartBytes = stored.Bytes / count,
            PartRows = rows / count,
            IsByInput = true,
        };
    }

    /// <summary>The width and height of all parts together.</summary>
    private (long Columns, long Rows) Joined(ShardAxis axis, long columns, long rows) =>
        (axis == ShardAxis.Columns ? columns * shards.Count : columns, axis == ShardAxis.Rows ? rows * shards.Count : rows);

    /// <summary>How the rows of a part are divided among the tensors that lie in it: by heads, or equally.</summary>
    private int[] SharesOf(TorchTensor stored, MetaTensor known)
    {
        if (known.Names.Length < 3)
            return [.. known.Names.Select(_ => 1)];
        var heads = parameters.Dimension("n_heads");
        var keyValueHeads = parameters.Dimension("n_kv_heads", heads);
        return heads % shards.Count == 0 && keyValueHeads % shards.Count == 0
            ? [heads / shards.Count, keyValueHeads / shards.Count, keyValueHeads / shards.Count]
            : throw Error(stored, $"{heads} heads and {keyValueHeads} key-value heads can't be shared out among {shards.Count} parts");
    }

    private int ExpertCount(TorchTensor stored) =>
        MetaConfig.Experts(parameters)?.Dimension("num_experts") ?? throw Error(stored, "the checkpoint has experts, and params.json has no moe_args");

    /// <summary>
    /// How many parts share a key-value head. Where there are more parts than such heads, as of the 405B in 16 parts, each part has the
    /// whole head that its query heads go with; neighbours have the same one.
    /// </summary>
    private int CopiesOf(long rows)
    {
        var heads = parameters.Dimension("n_heads");
        var keyValueRows = (long)parameters.Dimension("n_kv_heads", heads) * parameters.Dimension("head_dim", Math.Max(1, _dim / heads));
        return rows > keyValueRows && rows % keyValueRows == 0 && shards.Count % (rows / keyValueRows) == 0 ? (int)(rows / keyValueRows) : 1;
    }

    private void RequireInAllParts(TorchTensor first)
    {
        foreach (var shard in shards)
        {
            if (!shard.Tensors.TryGetValue(first.Name, out var part))
            {
                throw new ModelFormatException(
                    shard.Path, -1, first.Name, "the checkpoint's other files have a part of this tensor, and this one does not");
            }
            if (part.Type != first.Type || !part.Shape.SequenceEqual(first.Shape))
            {
                throw new ModelFormatException(
                    shard.Path, part.Offset, first.Name, "its part has another type or shape than that of the first file");
            }
        }
    }

    private ModelTensor Whole(TorchTensor stored, string name, ImmutableArray<long> dimensions, long bytes) => new()
    {
        Name = name,
        StoredName = stored.Name,
        TypeName = stored.Type.ToString(),
        Type = stored.Type,
        Dimensions = dimensions,
        Bytes = bytes,
        Offset = stored.Offset,
        Path = shards[0].Path,
    };

    private ModelFormatException Error(TorchTensor stored, string problem) => new(shards[0].Path, stored.Offset, stored.Name, problem);
}
