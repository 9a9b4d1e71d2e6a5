using System.Buffers.Binary;

namespace Ayni.Receipts;

/// <summary>
/// What a node of a summation tree adds up: leaves, tokens by kind and money in one currency. None of them is ever negative, and each has
/// its width, so that no sum wraps around.
/// </summary>
/// <param name="Leaves">How many leaves; 5 bytes.</param>
/// <param name="Tokens">Their tokens; 7 bytes a kind.</param>
/// <param name="Units">Their money in units of 10⁻¹²; 16 bytes, less than 10³⁸.</param>
public readonly record struct Sums(long Leaves, TokenCounts Tokens, Int128 Units)
{
    /// <summary>Bytes of the encoding: big-endian, one field after the other.</summary>
    internal const int Size = LeafBytes + 4 * TokenBytes + UnitBytes;

    private const int LeafBytes = 5, TokenBytes = 7, UnitBytes = 16;
    private const long LeafLimit = 1L << (8 * LeafBytes), TokenLimit = 1L << (8 * TokenBytes);

    private static readonly Int128 UnitLimit = Int128.Parse("1" + new string('0', Amount.Digits), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Whether each is zero or more and fits its width.</summary>
    internal bool AreInRange =>
        Leaves is >= 0 and < LeafLimit && Fits(Tokens.Prompt) && Fits(Tokens.Cached) && Fits(Tokens.Generated)
        && Fits(Tokens.SpeculativeRejected) && Units >= 0 && Units < UnitLimit;

    /// <summary>
    /// The sums of both. Throws <see cref="ProofException"/> if one is out of range or the sum would be.
    /// </summary>
    internal static Sums Add(Sums left, Sums right, ProofChecks checks)
    {
        checks.Demand(ProofCheck.Range, left.AreInRange && right.AreInRange, "A sum in the tree is negative or larger than its width.");
        var sums = unchecked(new Sums(
            left.Leaves + right.Leaves,
            new(
                left.Tokens.Prompt + right.Tokens.Prompt, left.Tokens.Cached + right.Tokens.Cached,
                left.Tokens.Generated + right.Tokens.Generated,
                left.Tokens.SpeculativeRejected + right.Tokens.SpeculativeRejected),
            left.Units + right.Units));
        // What two sums within their widths add up to either shows as too large or, past 128 bits, as negative.
        checks.Demand(ProofCheck.Overflow, sums.AreInRange, "Sums in the tree add up to more than their width.");
        return checks.Has(ProofCheck.Overflow) ? sums : sums.Wrapped();
    }

    internal void WriteTo(Span<byte> bytes)
    {
        Write(bytes, LeafBytes, Leaves);
        Write(bytes[LeafBytes..], TokenBytes, Tokens.Prompt);
        Write(bytes[(LeafBytes + TokenBytes)..], TokenBytes, Tokens.Cached);
        Write(bytes[(LeafBytes + 2 * TokenBytes)..], TokenBytes, Tokens.Generated);
        Write(bytes[(LeafBytes + 3 * TokenBytes)..], TokenBytes, Tokens.SpeculativeRejected);
        BinaryPrimitives.WriteInt128BigEndian(bytes[(LeafBytes + 4 * TokenBytes)..], Units);
    }

    internal static Sums Read(ReadOnlySpan<byte> bytes) => new(
        Read(bytes, LeafBytes),
        new(
            Read(bytes[LeafBytes..], TokenBytes), Read(bytes[(LeafBytes + TokenBytes)..], TokenBytes),
            Read(bytes[(LeafBytes + 2 * TokenBytes)..], TokenBytes), Read(bytes[(LeafBytes + 3 * TokenBytes)..], TokenBytes)),
        BinaryPrimitives.ReadInt128BigEndian(bytes[(LeafBytes + 4 * TokenBytes)..]));

    private static bool Fits(long tokens) => tokens is >= 0 and < TokenLimit;

    private static void Write(Span<byte> bytes, int width, long value)
    {
        for (var i = width - 1; i >= 0; i--, value >>= 8)
            bytes[i] = (byte)value;
    }

    private static long Read(ReadOnlySpan<byte> bytes, int width)
    {
        long value = 0;
        for (var i = 0; i < width; i++)
            value = (value << 8) | bytes[i];
        return value;
    }

    /// <summary>What an adder without a check would hold: the encoding's bytes and no more.</summary>
    private Sums Wrapped()
    {
        Span<byte> bytes = stackalloc byte[Size];
        WriteTo(bytes);
        return Read(bytes);
    }
}
