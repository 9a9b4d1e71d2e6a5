using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Llama;

/// <summary>
/// One of the licences under which Meta has published Llama models, as data: which clause asks what. This is no legal advice and no
/// substitute for the text at <see cref="Address"/>.
/// </summary>
/// <param name="Id">Its short name, as model cards write it, such as <c>llama3.1</c>.</param>
/// <param name="Name">Its full name.</param>
/// <param name="Released">When its models were released.</param>
/// <param name="Address">Where its text is.</param>
/// <param name="Clauses">Its clauses.</param>
public sealed record Licence(string Id, string Name, DateOnly Released, Uri Address, ImmutableArray<LicenceClause> Clauses)
{
    private const string Folder = "Ayni.Llama.Licences.";

    /// <summary>Every licence known, the oldest first.</summary>
    public static ImmutableArray<Licence> All { get; } = [.. Read().OrderBy(licence => licence.Released)];

    /// <summary>The licence with a short name; null if there is none.</summary>
    public static Licence? Find(string? id) =>
        All.FirstOrDefault(licence => string.Equals(licence.Id, id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The clause of a kind, if there is one.</summary>
    public LicenceClause? Find(LicenceRule rule) => Clauses.FirstOrDefault(clause => clause.Rule == rule);

    private static IEnumerable<Licence> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            yield return JsonSerializer.Deserialize(stream, LicenceJson.Default.Licence)!;
        }
    }
}

/// <summary>How the data files of licences are read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Licence))]
internal sealed partial class LicenceJson : JsonSerializerContext;
