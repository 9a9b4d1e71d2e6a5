using System.Globalization;
using System.Text;

namespace Ayni.Training;

/// <summary>
/// The documents of sources, each by its digest or, in a private source, its commitment, as <c>provenance.leaves</c> has them: the line
/// <c>ayni leaves 2</c>; for each source a line <c>source ROOT COUNT</c> and so many digests of 32 bytes, ascending. A source is known by
/// the root that its manifest has.
/// </summary>
internal static class LeafFile
{
    private const string FirstLine = "ayni leaves 2";
    private const int MostLineLength = 200;

    /// <summary>Writes lists, each once.</summary>
    public static void Write(string path, IEnumerable<DocumentList> lists) => ProvenanceFile.Write(path, stream =>
    {
        WriteLine(FirstLine);
        foreach (var list in lists.DistinctBy(list => list.Root))
        {
            WriteLine(string.Create(CultureInfo.InvariantCulture, $"source {list.Root} {list.Values.Count}"));
            foreach (var value in list.Values)
                stream.Write(value.ToBytes());
        }

        void WriteLine(string line) => stream.Write(Encoding.ASCII.GetBytes(line + "\n"));
    });

    /// <summary>Reads all lists and checks their roots.</summary>
    /// <exception cref="ProvenanceException">The file can't be read; names the byte.</exception>
    public static IReadOnlyDictionary<string, DocumentList> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        if (NextLine() != FirstLine)
            throw Error(0, $"expected '{FirstLine}'");
        var lists = new Dictionary<string, DocumentList>(StringComparer.Ordinal);
        var digest = new byte[DocumentDigest.Bytes];
        while (stream.Position < stream.Length)
        {
            var heading = stream.Position;
            if (NextLine().Split(' ') is not ["source", var root, var counted] || DocumentDigest.Parse(root) is null
                || !int.TryParse(counted, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
                throw Error(heading, "expected 'source', the root in 64 hexadecimal digits and a count of digests");
            if (count > (stream.Length - stream.Position) / DocumentDigest.Bytes)
                throw Error(heading, $"the file ends before {count} digests");
            var values = new List<DocumentDigest>(count);
            while (values.Count < count)
            {
                stream.ReadExactly(digest);
                var value = DocumentDigest.Read(digest);
                if (values.Count > 0 && values[^1].CompareTo(value) >= 0)
                    throw Error(stream.Position - digest.Length, "the digests of a source ascend");
                values.Add(value);
            }
            var list = new DocumentList(values);
            if (list.Root != root)
                throw Error(heading, $"the {count} digests that follow have the root {list.Root}");
            if (!lists.TryAdd(root, list))
                throw Error(heading, "this source is there twice");
        }
        return lists;

        ProvenanceException Error(long at, string problem) => new($"{path}, byte {at}: {problem}.");

        // Of bounded length: a file without ends of lines must not fill memory.
        string NextLine()
        {
            var start = stream.Position;
            var line = new StringBuilder();
            int character;
            while ((character = stream.ReadByte()) is >= 0 and not '\n')
            {
                if (line.Length == MostLineLength)
                    throw Error(start, "the line is too long");
                line.Append((char)character);
            }
            return line.ToString();
        }
    }
}
