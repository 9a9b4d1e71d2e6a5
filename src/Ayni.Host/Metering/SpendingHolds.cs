using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// What requests under way may come to cost, by customer, until their receipts are posted: a limit that a hundred simultaneous requests could pass
/// would be none. Safe for use by many threads.
/// </summary>
internal sealed class SpendingHolds
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Int128 Units, int Count)> _held = new(StringComparer.Ordinal);

    /// <summary>
    /// Holds an amount until the result is disposed, and tells what the customer's other requests hold. Ask before the customer's charges are
    /// read: a hold ends after its receipt is posted, so that nothing falls between the two.
    /// </summary>
    public Hold Take(string customerId, Amount amount)
    {
        lock (_lock)
        {
            var others = _held.GetValueOrDefault(customerId);
            _held[customerId] = checked((others.Units + amount.Units, others.Count + 1));
            return new Hold(this, customerId, amount, new Amount(others.Units, amount.Currency));
        }
    }

    private void Release(string customerId, Amount amount)
    {
        lock (_lock)
        {
            var held = _held[customerId];
            if (held.Count == 1)
                _held.Remove(customerId);
            else
                _held[customerId] = (held.Units - amount.Units, held.Count - 1);
        }
    }

    /// <summary>One request's hold.</summary>
    /// <param name="holds">Where it counts.</param>
    /// <param name="customerId">Whose it is.</param>
    /// <param name="amount">What is held.</param>
    /// <param name="others">What the customer's other requests held when it was taken.</param>
    public sealed class Hold(SpendingHolds holds, string customerId, Amount amount, Amount others) : IDisposable
    {
        private SpendingHolds? _holds = holds;

        /// <summary>What the customer's other requests held when this was taken.</summary>
        public Amount Others { get; } = others;

        /// <summary>The receipt is posted, or there will be none.</summary>
        public void Dispose() => Interlocked.Exchange(ref _holds, null)?.Release(customerId, amount);
    }
}
