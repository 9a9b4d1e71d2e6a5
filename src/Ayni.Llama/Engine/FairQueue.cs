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
        node.Value.Waiting.AddLast(sequence);
        Count++;
    }

    /// <summary>Puts a sequence that was taken out before everybody who waits: it has had its turn and could not use it.</summary>
    public void PutBack(Sequence sequence)
    {
        var owner = sequence.Request.Owner;
        if (_owners.TryGetValue(owner, out var node))
            _turns.Remove(node);
        else
            _owners[owner] = node = new(new OwnerQueue(owner, []));
        _turns.AddFirst(node);
        node.Value.Waiting.AddFirst(sequence);
        Count++;
    }

    /// <summary>The sequence whose turn it is, or null; it stays in the queue.</summary>
    public Sequence? Peek() => _turns.First?.Value.Waiting.First?.Value;

    /// <summary>Removes the sequence that <see cref="Peek"/> shows.</summary>
    public void Remove()
    {
        var node = _turns.First!;
        _turns.RemoveFirst();
        node.Value.Waiting.RemoveFirst();
        Count--;
        if (node.Value.Waiting.Count > 0)
            _turns.AddLast(node);
        else
            _owners.Remove(node.Value.Owner);
    }

    /// <summary>Moves every sequence that was cancelled while it waited into a list.</summary>
    public void RemoveCancelled(List<Sequence> cancelled)
    {
        for (var node = _turns.First; node is not null;)
        {
            var next = node.Next;
            for (var item = node.Value.Waiting.First; item is not null;)
            {
                var following = item.Next;
                if (item.Value.IsCancelled)
                {
                    cancelled.Add(item.Value);
                    node.Value.Waiting.Remove(item);
                    Count--;
                }
                item = following;
            }
            if (node.Value.Waiting.Count == 0)
            {
                _turns.Remove(node);
                _owners.Remove(node.Value.Owner);
            }
            node = next;
        }
    }

    private sealed record OwnerQueue(string Owner, LinkedList<Sequence> Waiting);
}
