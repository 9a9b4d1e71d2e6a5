using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Ayni.Llama;

/// <summary>
/// A model on a hub: <c>OWNER/NAME</c>, and perhaps which of its files, as a quantization (<c>Q4_K_M</c>) or a file's path.
/// </summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Name">The repository.</param>
/// <param name="Selector">Which files; null for the usual choice.</param>
public sealed partial record HubReference(string Owner, string Name, string? Selector = null)
{
    /// <summary><c>OWNER/NAME</c>.</summary>
    public string Repository => $"{Owner}/{Name}";

    /// <summary>Reads <c>OWNER/NAME[:QUANT|file]</c>. False for anything else: names are safe to be folders of these names.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubReference? reference)
    {
        reference = null;
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (repository, selector) = colon < 0 ? (text, null) : (text[..colon], text[(colon + 1)..]);
        if (repository.Split('/') is not [var owner, var name] || !IsName(owner) || !IsName(name) || selector is "")
            return false;
        reference = new HubReference(owner, name, selector);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Selector is null ? Repository : $"{Repository}:{Selector}";

    private static bool IsName(string text) => NamePattern().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal) && text[^1] != '.';

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
