namespace Ayni.Llama;

/// <summary>
/// GPT-2's way to write any bytes as printable characters: printable Latin-1 as itself, the other bytes, in order, from U+0100 on.
/// GGUF writes byte-level vocabularies in it.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = BuildCharacters();
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char CharacterOf(byte value) => Characters[value];

    /// <summary>Writes the bytes a text stands for and returns their number, or -1 where the text is not all in the alphabet.</summary>
    public static int Decode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var value = text[i] < Bytes.Length ? Bytes[text[i]] : -1;
            if (value < 0)
                return -1;
            bytes[i] = (byte)value;
        }
        return text.Length;
    }

    private static char[] BuildCharacters()
    {
        var next = '\u0100';
        return [.. Enumerable.Range(0, 256).Select(b => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : next++)];
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < 256; b++)
            bytes[Characters[b]] = (short)b;
        return bytes;
    }
}
