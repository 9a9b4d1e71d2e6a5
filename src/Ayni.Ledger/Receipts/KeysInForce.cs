using System.Collections.Concurrent;

namespace Ayni.Ledger;

/// <summary>A key that opens something, with its secret's hash.</summary>
internal sealed record ValidKey(ApiKey Key, Digest SecretHash);

/// <summary>The keys that were found valid while the database's terms had one version. Thread-safe.</summary>
internal sealed class KeysInForce(long version)
{
    /// <summary>More are read each time, so that many keys make no large memory.</summary>
    private const int MostKeys = 100_000;

    private readonly ConcurrentDictionary<string, ValidKey> _keys = new(StringComparer.Ordinal);

    public long Version => version;

    public ValidKey? Find(string keyId) => _keys.GetValueOrDefault(keyId);

    public void Add(ValidKey key)
    {
        if (_keys.Count < MostKeys)
            _keys.TryAdd(key.Key.Id, key);
    }
}
