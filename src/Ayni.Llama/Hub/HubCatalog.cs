using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ayni.Llama;

/// <summary>Reads what a hub says of a repository. Its answers are bounded and nothing in them is trusted.</summary>
internal sealed partial class HubCatalog(HubClient client)
{
    // A tree page has some 1,000 entries of 300 bytes; the largest repositories some thousand files.
    private const int MaxAnswerBytes = 16 << 20;
    private const int MaxPages = 100;
    private const int MaxFiles = 50_000;
    private const int MaxLicenseLength = 100;

    public async Task<HubRepository> ReadAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var (model, _) = await ReadJsonAsync(
            client.AddressOf("api", "models", reference.Owner, reference.Name), "model", reference, cancellationToken).ConfigureAwait(false);
        var commit = Text(model, "sha");
        if (commit is null || !CommitPattern().IsMatch(commit))
            throw Invalid(reference, "the commit it names is not one");

        var files = new List<HubFile>();
        var next = new Uri(client.AddressOf("api", "models", reference.Owner, reference.Name, "tree", commit) + "?recursive=true");
        for (var page = 0; next is not null; page++)
        {
            if (page == MaxPages || files.Count > MaxFiles)
                throw Invalid(reference, $"it lists more than {MaxFiles} files");
            var (tree, following) = await ReadJsonAsync(next, "list of files", reference, cancellationToken).ConfigureAwait(false);
            if (tree.ValueKind != JsonValueKind.Array)
                throw Invalid(reference, "its list of files is not a list");
            files.AddRange(tree.EnumerateArray().Where(entry => Text(entry, "type") == "file").Select(entry => FileOf(entry, reference)));
            next = following;
        }
        if (files.GroupBy(file => file.Path, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } same)
            throw Invalid(reference, $"it lists '{same.Key}' twice");
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new HubRepository(reference, client.AddressOf(reference.Owner, reference.Name), commit, LicenseOf(model), files);
    }

    private static HubFile FileOf(JsonElement entry, HubReference reference)
    {
        var path = Text(entry, "path") ?? throw Invalid(reference, "it lists a file without a path");
        if (HubFile.FindPathProblem(path) is { } problem)
            throw Invalid(reference, $"it lists a file '{path}', and {problem}");
        var large = Value(entry, "lfs") is { ValueKind: JsonValueKind.Object };
        var source = large ? Value(entry, "lfs")!.Value : entry;
        if (Value(source, "size") is not { ValueKind: JsonValueKind.Number } size || !size.TryGetInt64(out var bytes) || bytes < 0)
            throw Invalid(reference, $"it does not say how long '{path}' is");
        var digest = Text(source, "oid");
        if (digest is null || !(large ? Sha256Pattern() : CommitPattern()).IsMatch(digest))
            throw Invalid(reference, $"it does not say the digest of '{path}'");
        return new HubFile(path, bytes, digest, large);
    }

    /// <summary>The licence's name, which is shown: one that a terminal might obey is none.</summary>
    private static string? LicenseOf(JsonElement model)
    {
        if (Value(model, "cardData") is not { } card)
            return null;
        var license = Text(card, "license") is "other" or null ? Text(card, "license_name") ?? Text(card, "license") : Text(card, "license");
        return license is { Length: <= MaxLicenseLength } && !license.Any(char.IsControl) ? license : null;
    }

    private Task<(JsonElement Answer, Uri? Next)> ReadJsonAsync(
        Uri address, string subject, HubReference reference, CancellationToken cancellationToken) => client.RetryAsync(
            async () =>
            {
                using var response = await client.SendAsync(address, null, subject, reference, cancellationToken).ConfigureAwait(false);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(client.Options.SilenceLimit);
                var content = new MemoryStream();
                using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
                var buffer = new byte[1 << 16];
                while (await body.ReadAsync(buffer, limit.Token).ConfigureAwait(false) is > 0 and var count)
                {
                    if (content.Length + count > MaxAnswerBytes)
                        throw Invalid(reference, $"its {subject} is longer than {MaxAnswerBytes} bytes");
                    content.Write(buffer, 0, count);
                }
                try
                {
                    using var document = JsonDocument.Parse(
                        content.GetBuffer().AsMemory(0, (int)content.Length), new JsonDocumentOptions { MaxDepth = 64 });
                    return (document.RootElement.Clone(), NextPage(address, response));
                }
                catch (JsonException error)
                {
                    throw new HubException(HubFailure.Invalid, $"{reference.Repository}: the hub's {subject} is not JSON.", error);
                }
            },
            cancellationToken);

    /// <summary>The next page of a list (RFC 8288), which must be on the same server.</summary>
    private static Uri? NextPage(Uri address, HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
            return null;
        var match = NextPattern().Match(string.Join(", ", links));
        return match.Success && Uri.TryCreate(address, match.Groups[1].Value, out var next) && next.GetLeftPart(UriPartial.Authority)
            == address.GetLeftPart(UriPartial.Authority) ? next : null;
    }

    private static string? Text(JsonElement element, string name)
    {
        try
        {
            return Value(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // A lone surrogate: no text.
        }
    }

    private static JsonElement? Value(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null; // A lone surrogate in a name beside it.
        }
    }

    private static HubException Invalid(HubReference reference, string problem) =>
        new(HubFailure.Invalid, $"{reference.Repository}: the hub says something impossible: {problem}.");

    [GeneratedRegex(@"^[0-9a-f]{40}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CommitPattern();

    [GeneratedRegex(@"^[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha256Pattern();

    [GeneratedRegex(@"<([^<>]+)>\s*;\s*rel=""next""", RegexOptions.CultureInvariant)]
    private static partial Regex NextPattern();
}
