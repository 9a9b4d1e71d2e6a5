namespace Ayni.Llama;

/// <summary>Waiting sequences, taken from their owners in turn: one that submits a thousand delays the others by one each.</summary>
internal sealed class FairQueue
{
    private readonly Dictionary<string, LinkedListNode<OwnerQueue>> _owners = new(StringComparer.Ordinal);

    // The owner at the front is next; one that was served goes to the back.
    private readonly LinkedList<OwnerQueue> _turns = new();

    public int Count { get; private set; }

    public void Add(Sequence sequence)
    {
        var owner = sequence.Request.Owner;
        if (!_owners.TryGetValue(owner, out var node))
            _owners[owner] = node = _turns.AddLast(new OwnerQueue(owner, []));
        node.Value.Waiting.Enqueue(sequence);
        Count++;
    }

    /// <summary>The sequence whose turn it is, or null; it stays in the queue.</summary>
    public Sequence? Peek() => _turns.First?.Value.Waiting.Peek();

    /// <summary>Removes the sequence that <see cref="Peek"/> shows.</summary>
    public void Remove()
    {
        var node = _turns.First!;
        _turns.RemoveFirst();
        node.Value.Waiting.Dequeue();
        Count--;
        if (node.Value.Waiting.Count > 0)
            _turns.AddLast(node);
        else
            _owners.Remove(node.Value.Owner);
    }

    /// <summary>Removes and returns every sequence that was cancelled while it waited.</summary>
    public List<Sequence> RemoveCancelled()
    {
        var cancelled = new List<Sequence>();
        for (var node = _turns.First; node is not null;)
        {
            var next = node.Next;
            var waiting = node.Value.Waiting;
            for (var remaining = waiting.Count; remaining > 0; remaining--)
            {
                var sequence = waiting.Dequeue();
                if (sequence.IsCancelled)
                    cancelled.Add(sequence);
                else
                    waiting.Enqueue(sequence);
            }
            if (waiting.Count == 0)
            {
                _turns.Remove(node);
                _owners.Remove(node.Value.Owner);
            }
            node = next;
        }
        Count -= cancelled.Count;
        return cancelled;
    }

    private sealed record OwnerQueue(string Owner, Queue<Sequence> Waiting);
}
