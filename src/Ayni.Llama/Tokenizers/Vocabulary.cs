using System.Diagnostics.CodeAnalysis;

namespace Ayni.Llama;

/// <summary>
/// The tokens of a model: the bytes and the type of each id, and the id of given bytes. Immutable and safe for many threads.
/// </summary>
/// <remarks>
/// All bytes lie in one array, so a vocabulary of a hundred thousand tokens costs three arrays. Lookup is by open addressing with a hash
/// seeded anew in each process, so that no file can be made to collide.
/// </remarks>
internal sealed class Vocabulary
{
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly TokenType[] _types;
    private readonly int[] _slots;

    /// <param name="bytes">The tokens' bytes, one after the other.</param>
    /// <param name="offsets">Where each token starts in <paramref name="bytes"/>, and the end: one more than there are tokens.</param>
    /// <param name="types">
    /// The type of each token. A user-defined one with the text of a control token is taken for that, as in llama.cpp: else whoever writes
    /// its text could end a turn, or open one.
    /// </param>
    public Vocabulary(byte[] bytes, int[] offsets, TokenType[] types)
    {
        _bytes = bytes;
        _offsets = offsets;
        _types = [.. types];
        for (var id = 0; id < types.Length; id++)
        {
            if (types[id] == TokenType.UserDefined && SpecialTokens.LooksLikeControl(Text(id)))
                _types[id] = TokenType.Control;
        }
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)types.Length * 2 + 2)];
        for (var id = 0; id < types.Length; id++)
        {
            // An empty token stands for nothing that could be written; of two equal ones the later counts, as in llama.cpp.
            if (_types[id] is TokenType.Normal or TokenType.Unused && !Text(id).IsEmpty)
                _slots[SlotOf(Text(id))] = id + 1;
        }
        Control = new SpecialTokens(TextsOf(TokenType.Control, TokenType.Unknown));
        UserDefined = new SpecialTokens(TextsOf(TokenType.UserDefined));
        Special = new SpecialTokens(TextsOf(TokenType.Control, TokenType.Unknown, TokenType.UserDefined));
    }

    /// <summary>How many ids there are.</summary>
    public int Count => _types.Length;

    /// <summary>Tokens that plain text never gives: control tokens and the unknown one.</summary>
    public SpecialTokens Control { get; }

    /// <summary>Tokens that stand for their text wherever it occurs, even in plain text.</summary>
    public SpecialTokens UserDefined { get; }

    /// <summary>Both of these.</summary>
    public SpecialTokens Special { get; }

    /// <summary>The bytes of a token. Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.</summary>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        Check(id);
        return Text(id);
    }

    /// <summary>The type of a token. Throws <see cref="ArgumentOutOfRangeException"/> for an id outside the vocabulary.</summary>
    public TokenType TypeOf(int id)
    {
        Check(id);
        return _types[id];
    }

    /// <summary>The id of the ordinary token with exactly these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> bytes) => _slots[SlotOf(bytes)] - 1;

    private ReadOnlySpan<byte> Text(int id) => _bytes.AsSpan(_offsets[id].._offsets[id + 1]);

    /// <summary>The slot that holds a token with these bytes, or the empty one where it would go.</summary>
    private int SlotOf(ReadOnlySpan<byte> bytes)
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        var slot = hash.ToHashCode() & (_slots.Length - 1);
        while (_slots[slot] != 0 && !Text(_slots[slot] - 1).SequenceEqual(bytes))
            slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }

    private IEnumerable<KeyValuePair<string, int>> TextsOf(params TokenType[] types) =>
        Enumerable.Range(0, Count)
            .Where(id => types.Contains(_types[id]) && _offsets[id] < _offsets[id + 1])
            .Select(id => KeyValuePair.Create(System.Text.Encoding.UTF8.GetString(Text(id)), id));

    private void Check(int id)
    {
        if ((uint)id >= (uint)Count)
            ThrowOutOfRange(id);
    }

    [DoesNotReturn]
    private void ThrowOutOfRange(int id) =>
        throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has the ids 0 to {Count - 1}.");
}
