namespace Ayni.Llama;

/// <summary>
/// The key-value pairs of a GGUF file. Values are boxed numbers, <see cref="bool"/>, <see cref="string"/>, or arrays of these
/// (<c>string[]</c>, <c>float[]</c>, <c>int[]</c> …, in the file's own element type). Immutable and safe for many threads.
/// A value of another type than asked for throws <see cref="ModelFormatException"/> naming the key.
/// </summary>
public sealed class GgufMetadata
{
    private readonly string _path;
    private readonly Dictionary<string, (object Value, long Offset)> _entries = new(StringComparer.Ordinal);

    /// <summary>Gathers pairs read from a file; the offset is where the pair's value starts, for error messages.</summary>
    public GgufMetadata(string path, IEnumerable<(string Key, object Value, long Offset)> entries)
    {
        _path = path;
        foreach (var (key, value, offset) in entries)
        {
            if (!_entries.TryAdd(key, (value, offset)))
                throw new ModelFormatException(path, offset, key, "the key occurs twice");
        }
    }

    /// <summary>All keys, in the file's order.</summary>
    public IReadOnlyCollection<string> Keys => _entries.Keys;

    /// <summary>The file the pairs came from.</summary>
    public string Path => _path;

    /// <summary>The boxed value of a key, or null.</summary>
    public object? Find(string key) => _entries.TryGetValue(key, out var entry) ? entry.Value : null;

    /// <summary>A string, or null where the key is absent.</summary>
    public string? FindString(string key) => Find(key) switch
    {
        null => null,
        string text => text,
        var other => throw WrongType(key, "a string", other),
    };

    /// <summary>A whole number of any width, or null where the key is absent.</summary>
    public long? FindInteger(string key) => Find(key) switch
    {
        null => null,
        byte v => v,
        sbyte v => v,
        ushort v => v,
        short v => v,
        uint v => v,
        int v => v,
        long v => v,
        ulong v when v <= long.MaxValue => (long)v,
        var other => throw WrongType(key, "a whole number", other),
    };

    /// <summary>A number of any type, or null where the key is absent.</summary>
    public double? FindNumber(string key) => Find(key) switch
    {
        null => null,
        float v => v,
        double v => v,
        _ => FindInteger(key),
    };

    /// <summary>A truth value, or null where the key is absent.</summary>
    public bool? FindBoolean(string key) => Find(key) switch
    {
        null => null,
        bool v => v,
        var other => throw WrongType(key, "true or false", other),
    };

    /// <summary>
    /// An array whose elements have exactly the type <typeparamref name="T"/>, or null where the key is absent. Not to be changed.
    /// </summary>
    public T[]? FindArray<T>(string key) => Find(key) switch
    {
        null => null,
        // The exact type: to the runtime a uint[] is an int[], too.
        T[] v when v.GetType() == typeof(T[]) => v,
        var other => throw WrongType(key, $"an array of {typeof(T).Name}", other),
    };

    /// <summary>The error for a key that must be there and isn't, or whose value is impossible.</summary>
    public ModelFormatException Error(string key, string problem) =>
        new(_path, _entries.TryGetValue(key, out var entry) ? entry.Offset : -1, key, problem);

    private ModelFormatException WrongType(string key, string expected, object actual) =>
        Error(key, $"expected {expected}, found {actual.GetType().Name}");
}
