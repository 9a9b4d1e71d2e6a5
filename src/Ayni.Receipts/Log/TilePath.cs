using System.Globalization;
using System.Text;

namespace Ayni.Receipts;

/// <summary>
/// The name of a tile or of a bundle of entries, as C2SP's tlog-tiles writes it: <c>tile/LEVEL/x001/x234/067</c>, <c>tile/entries/…</c> for
/// a bundle, and <c>.p/WIDTH</c> after it where it is not full.
/// </summary>
/// <param name="Level">0 to 7, or null for a bundle of entries.</param>
/// <param name="Index">Its place within the level.</param>
/// <param name="Width">Hashes or entries: 1 to 256.</param>
internal readonly record struct TilePath(int? Level, long Index, int Width)
{
    /// <summary>Hashes of a full tile.</summary>
    public const int Full = 256;

    /// <summary>Levels of the largest log believed: 2⁶⁴ entries.</summary>
    private const int Levels = 8;

    /// <summary>Whether a path names a tile or a bundle, and is the one name of it.</summary>
    public static bool TryParse(string path, out TilePath tile)
    {
        tile = default;
        var parts = path.Split('/');
        if (parts.Length is < 3 or > 12 || parts[0] != "tile")
            return false;
        int? level = null;
        if (parts[1] != "entries")
        {
            if (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number >= Levels)
                return false;
            level = number;
        }
        var width = Full;
        var elements = parts.AsSpan(2);
        if (elements.Length > 1 && elements[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(elements[^1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= Full)
                return false;
            elements = elements[..^1];
            elements[^1] = elements[^1][..^2];
        }
        long index = 0;
        foreach (var element in elements)
        {
            if (!int.TryParse(element.TrimStart('x'), NumberStyles.None, CultureInfo.InvariantCulture, out var digits) || index > long.MaxValue / 1000 - 1)
                return false;
            index = index * 1000 + digits;
        }
        tile = new(level, index, width);
        return tile.ToString() == path;
    }

    /// <summary>The tiles of a level that a log of a size has; of level 0 as many bundles.</summary>
    public static IEnumerable<TilePath> Of(int? level, long fromSize, long toSize)
    {
        var (from, to) = (fromSize >> (8 * (level ?? 0)), toSize >> (8 * (level ?? 0)));
        for (var index = from / Full; index * Full < to; index++)
            yield return new(level, index, (int)Math.Min(Full, to - index * Full));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var name = new StringBuilder();
        var rest = Index;
        do
        {
            name.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{(name.Length == 0 ? "" : "x")}{rest % 1000:D3}{(name.Length == 0 ? "" : "/")}"));
            rest /= 1000;
        }
        while (rest > 0);
        var level = Level is { } number ? number.ToString(CultureInfo.InvariantCulture) : "entries";
        return string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{name}{(Width == Full ? "" : $".p/{Width}")}");
    }
}
