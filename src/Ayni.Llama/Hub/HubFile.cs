using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Ayni.Llama;

/// <summary>A file of a repository, as the hub describes it.</summary>
/// <param name="Path">Its path in the repository, with <c>/</c> between folders; safe to be one below a folder here.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Digest">What its content is checked against, in lower-case hexadecimal.</param>
/// <param name="IsLarge">Whether the digest is the content's SHA-256 (Git LFS); else it is the SHA-1 of its Git blob.</param>
public sealed record HubFile(string Path, long Bytes, string Digest, bool IsLarge)
{
    private const int MaxPathLength = 512;

    private static readonly SearchValues<char> Forbidden = SearchValues.Create(@"\:*?""<>|");

    // Names that Windows takes for devices, whatever follows a dot.
    private static readonly string[] Devices =
        ["con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(number => (string[])[$"com{number}", $"lpt{number}"])];

    /// <summary>What makes a path unfit to be created below a folder here, in words, or null for a fit one.</summary>
    internal static string? FindPathProblem(string path)
    {
        if (path.Length is 0 or > MaxPathLength)
            return "its length is impossible";
        foreach (var part in path.Split('/'))
        {
            if (part is "" or "." or "..")
                return "it leaves its folder";
            if (part.AsSpan().ContainsAny(Forbidden) || part.Any(char.IsControl))
                return "it holds a character that no file name may have";
            if (part[^1] is '.' or ' ' || Devices.Contains(part.Split('.')[0], StringComparer.OrdinalIgnoreCase))
                return "not every system can have such a file";
        }
        return null;
    }

    /// <summary>The digest of a file here, to be compared with <see cref="Digest"/>.</summary>
    internal async Task<string> DigestOfAsync(string path, CancellationToken cancellationToken)
    {
#pragma warning disable CA5350 // Git names its blobs by SHA-1; it guards small files against damage, not against attack.
        using var hash = IncrementalHash.CreateHash(IsLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, useAsync: false);
        if (!IsLarge)
            hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {stream.Length}\0")));
        var buffer = new byte[1 << 20];
        while (await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            hash.AppendData(buffer.AsSpan(0, count));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A repository of a hub at one commit.</summary>
/// <param name="Reference">Its name.</param>
/// <param name="Page">Where people read about it.</param>
/// <param name="Commit">The commit, in hexadecimal.</param>
/// <param name="License">The name of its licence, where the hub says one.</param>
/// <param name="Files">Its files, by path.</param>
public sealed record HubRepository(HubReference Reference, Uri Page, string Commit, string? License, IReadOnlyList<HubFile> Files);
