using Ayni.Llama;

namespace Ayni.Host;

/// <summary>Who owns a model, by its file's own word.</summary>
internal static class ModelOwner
{
    private const int MaxLength = 100;

    private static readonly string[] Keys = ["general.organization", "general.author"];

    /// <summary>The name of the model's owner, printable and of bounded length; <c>Model owner</c> where the file names nobody.</summary>
    public static string NameIn(GgufMetadata metadata) =>
        Keys.Select(key => Clean(metadata.FindString(key))).FirstOrDefault(name => name.Length > 0) ?? "Model owner";

    /// <summary>A file may hold anything, and this becomes a name on statements.</summary>
    private static string Clean(string? name)
    {
        var printable = string.Concat((name ?? "").EnumerateRunes().Where(rune => !System.Text.Rune.IsControl(rune)).Take(MaxLength));
        return printable.Trim();
    }
}
