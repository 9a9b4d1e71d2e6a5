using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Llama.Tests;

/// <summary>Texts that mix words of the small vocabularies, any UTF-16 units, surrogate pairs and lone surrogates.</summary>
internal static class RandomTexts
{
    private static readonly string[] Fragments =
    [
        "hello", " world", "wor", "ld", " ", "  ", "\n\n", "12345", "é", "日本", "😀", "\ud83d", "\ude00", "مرحبا",
        "<s>", "<|eot_id|>", "[tool]", "'s", "\0",
    ];

    /// <summary>Texts with anything in them.</summary>
    public static Arbitrary<string> Arbitrary { get; } = Gen
        .OneOf(Gen.Elements(Fragments), Gen.Choose(0, 0xFFFF).Select(unit => ((char)unit).ToString()))
        .ListOf()
        .Select(string.Concat)
        .ToArbitrary();
}
