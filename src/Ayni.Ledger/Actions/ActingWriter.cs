namespace Ayni.Ledger;

/// <summary>The writer as somebody uses it: each of its transactions knows who acts.</summary>
internal sealed class ActingWriter(Writer writer, string actor)
{
    /// <summary>Queues work and waits until it is on disk (<see cref="Writer.RunAsync{T}"/>).</summary>
    public Task<T> RunAsync<T>(Func<Transaction, T> work, CancellationToken cancellationToken) => writer.RunAsync(
        transaction =>
        {
            transaction.DemandClock();
            transaction.Actor = actor;
            return work(transaction);
        },
        cancellationToken);
}
