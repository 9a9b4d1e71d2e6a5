using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// Documents to learn from, one after another. The tokens of one attend to no other's, and each document's positions start at 0, so any
/// packing of documents into rows gives the same losses. Immutable.
/// </summary>
public sealed class TrainingBatch
{
    /// <summary>The label of a token that is not to be learned.</summary>
    public const int Masked = -100;

    private readonly int[] _ids;
    private readonly int[] _targets;
    private readonly int[] _positions;

    private TrainingBatch(int[] ids, int[] targets, int[] positions, ImmutableArray<AttentionDocument> documents)
    {
        _ids = ids;
        _targets = targets;
        _positions = positions;
        Documents = documents;
        LossTerms = targets.Count(target => target != Masked);
    }

    /// <summary>Tokens in all.</summary>
    public int TokenCount => _ids.Length;

    /// <summary>Tokens whose successor is to be learned.</summary>
    public int LossTerms { get; }

    /// <summary>Pairs of documents, where each is an answer and the one that it is preferred to.</summary>
    public int PairCount => Documents.Length / 2;

    /// <summary>Where each document lies.</summary>
    internal ImmutableArray<AttentionDocument> Documents { get; }

    /// <summary><c>[tokens]</c>.</summary>
    internal ReadOnlySpan<int> Ids => _ids;

    /// <summary>The token that is to follow each, or <see cref="Masked"/>, <c>[tokens]</c>.</summary>
    internal ReadOnlySpan<int> Targets => _targets;

    /// <summary><c>[tokens]</c>.</summary>
    internal ReadOnlySpan<int> Positions => _positions;

    /// <summary>Makes a batch of documents.</summary>
    /// <param name="documents">
    /// Each document's token ids, and as many labels: the id of each token that is to be learned from those before it, or
    /// <see cref="Masked"/>. The first token's label says nothing.
    /// </param>
    /// <param name="config">The model's shape.</param>
    /// <exception cref="BatchException">A document is empty, longer than the context or ragged, or has an id outside the
    /// vocabulary.</exception>
    public static TrainingBatch Create(IReadOnlyList<(ReadOnlyMemory<int> Ids, ReadOnlyMemory<int> Labels)> documents, LlamaConfig config)
    {
        if (documents.Count == 0)
            throw new BatchException("the batch is empty: give at least one sequence");
        var length = documents.Sum(document => (long)document.Ids.Length);
        if (length > Array.MaxLength)
            throw new BatchException($"the batch has {length} tokens, more than fit; divide it");
        var (ids, targets, positions) = (new int[length], new int[length], new int[length]);
        var places = ImmutableArray.CreateBuilder<AttentionDocument>(documents.Count);
        var start = 0;
        for (var i = 0; i < documents.Count; i++)
        {
            var documentIds = documents[i].Ids.Span;
            var labels = documents[i].Labels.Span;
            Check(i, documentIds, labels, config);
            documentIds.CopyTo(ids.AsSpan(start));
            labels[1..].CopyTo(targets.AsSpan(start));
            targets[start + labels.Length - 1] = Masked;
            for (var position = 0; position < documentIds.Length; position++)
                positions[start + position] = position;
            places.Add(new AttentionDocument(start, documentIds.Length));
            start += documentIds.Length;
        }
        return new TrainingBatch(ids, targets, positions, places.MoveToImmutable());
    }

    /// <summary>The first token that each token attends to, <c>[tokens]</c>.</summary>
    /// <param name="local">What it attends to of its document; null for all that came before.</param>
    internal int[] FirstSeen(LocalAttention? local)
    {
        var firsts = new int[TokenCount];
        foreach (var document in Documents)
        {
            for (var position = 0; position < document.Length; position++)
                firsts[document.Start + position] = document.Start + (local?.First(position) ?? 0);
        }
        return firsts;
    }

    private static void Check(int row, ReadOnlySpan<int> ids, ReadOnlySpan<int> labels, LlamaConfig config)
    {
        if (ids.IsEmpty)
            throw new BatchException($"sequence {row} is empty");
        if (ids.Length != labels.Length)
            throw new BatchException($"sequence {row} has {ids.Length} ids and {labels.Length} labels; each id needs one, or {Masked}");
        if (ids.Length > config.ContextLength)
            throw new BatchException($"sequence {row} has {ids.Length} tokens, more than the model's context of {config.ContextLength}");
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)config.VocabularySize)
                throw new BatchException($"sequence {row}, token {i}: the id {ids[i]} is not in the vocabulary of {config.VocabularySize}");
            if (labels[i] != Masked && (uint)labels[i] >= (uint)config.VocabularySize)
            {
                throw new BatchException(
                    $"sequence {row}, token {i}: the label {labels[i]} is neither in the vocabulary of {config.VocabularySize} "
                    + $"nor {Masked}");
            }
        }
    }
}
