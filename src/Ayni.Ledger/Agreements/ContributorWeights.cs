using System.Text.Json;

namespace Ayni.Ledger;

/// <summary>What the contributor of one source is due.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Contributor">Of <see cref="ContributorWeights.Whole"/>.</param>
internal readonly record struct ContributorWeight(string Source, long Contributor);

/// <summary>
/// Reads the shares of data contributors from a model's <c>provenance.json</c>: of each source its part of the training, with twelve
/// decimals, times the part of it that is the contributor's, with six.
/// </summary>
internal static class ContributorWeights
{
    /// <summary>All that a manifest shares out.</summary>
    public const long Whole = WholeShare * Share.Whole;

    private const long WholeShare = 1_000_000_000_000;
    private const int MostBytes = 64 << 20;

    /// <summary>The sources in the manifest's order. Throws <see cref="FormatException"/> for what is no manifest.</summary>
    public static IReadOnlyList<ContributorWeight> Read(byte[] json)
    {
        if (json.Length > MostBytes)
            throw new FormatException($"has more than {MostBytes} bytes");
        try
        {
            using var document = JsonDocument.Parse(json);
            var weights = new List<ContributorWeight>();
            long total = 0;
            foreach (var source in document.RootElement.GetProperty("manifest").GetProperty("sources").EnumerateArray())
            {
                var share = Parts(source, "share", 12, WholeShare);
                total = checked(total + share);
                weights.Add(new(source.GetProperty("name").GetString()!, share * Parts(source, "contributor_share", 6, Share.Whole)));
            }
            if (total != WholeShare)
                throw new FormatException("has sources whose shares do not add up to 1");
            return weights;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or OverflowException)
        {
            throw new FormatException($"is no provenance manifest ({error.Message})", error);
        }
    }

    private static long Parts(JsonElement source, string name, int places, long whole)
    {
        var text = source.GetProperty(name).GetString() ?? "";
        // One digit, a point, and as many digits as there are places.
        if (text.Length == places + 2 && text[1] == '.' && text[0] is '0' or '1'
            && long.TryParse(text.Remove(1, 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var parts)
            && parts <= whole)
            return parts;
        throw new FormatException($"has a source with the {name} '{(text.Length > 40 ? text[..40] : text)}'");
    }
}
