using System.Globalization;
using System.Text.RegularExpressions;

namespace Ayni.Llama;

/// <summary>What the name of a GGUF file says by custom: its quantization, and which part of how many it is.</summary>
/// <param name="Stem">The path without the part's number and the extension: the same for all parts.</param>
/// <param name="Quantization">The quantization in capitals, such as <c>Q4_K_M</c>; null where the name has none.</param>
/// <param name="Part">Which part, from 1; 0 for a file that is not split.</param>
/// <param name="Parts">How many parts; 0 for a file that is not split.</param>
internal sealed partial record GgufFileName(string Stem, string? Quantization, int Part, int Parts)
{
    /// <summary>Reads a path; null for one that is no model in GGUF (projectors and importance matrices are not).</summary>
    public static GgufFileName? Parse(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (!name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
            || name.Contains("mmproj", StringComparison.OrdinalIgnoreCase) || name.Contains("imatrix", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var split = SplitPattern().Match(path);
        var stem = split.Success ? path[..split.Index] : path[..^".gguf".Length];
        var quantization = QuantizationPattern().Matches(stem[(stem.LastIndexOf('/') + 1)..]).LastOrDefault()?.Groups[1].Value.ToUpperInvariant();
        return new GgufFileName(stem, quantization, Number(split.Groups[1]), Number(split.Groups[2]));

        static int Number(Group group) => group.Success ? int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"-(\d{5})-of-(\d{5})\.gguf\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SplitPattern();

    [GeneratedRegex(
        @"(?<![A-Z0-9])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|FP?16|F?P?32|MXFP4(?:_MOE)?))(?![A-Z0-9_])",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex QuantizationPattern();
}
