namespace Ayni.Kernels;

/// <summary>
/// What packing moves for each block of a layout: elements that lie side by side in the file in groups that are transposed in registers,
/// the others by themselves. Flat arrays of offsets, since they are read for every block.
/// </summary>
internal sealed class PanelMoves
{
    /// <summary>Elements of 4 bytes in a group: 16 bytes of a row.</summary>
    public const int FourCount = 4;

    /// <summary>Elements of a byte in a group.</summary>
    public const int ByteCount = 16;

    private PanelMoves(PanelLayout layout)
    {
        List<(int Place, int ElementBytes, int Offset)> elements = [.. layout.Fields
            .SelectMany(field => field.Places.Select((place, i) => (Place: place, field.ElementBytes, Offset: field.OffsetOf(i))))
            .OrderBy(element => element.Place)];
        All = Flatten(elements);
        Fours = TakeGroups(elements, 4, FourCount);
        Bytes = TakeGroups(elements, 1, ByteCount);
        Rest = Flatten(elements);
    }

    /// <summary>
    /// Of each group of four elements of 4 bytes: where it begins in the file's block, and where each goes in the panel's.
    /// </summary>
    public int[] Fours { get; }

    /// <summary>The same of sixteen bytes.</summary>
    public int[] Bytes { get; }

    /// <summary>Of every other element: where it is in the file's block, where it goes in the panel's, and its bytes.</summary>
    public int[] Rest { get; }

    /// <summary>The same of every element.</summary>
    public int[] All { get; }

    /// <summary>Finds the moves of a layout.</summary>
    public static PanelMoves Of(PanelLayout layout) => new(layout);

    private static int[] Flatten(List<(int Place, int ElementBytes, int Offset)> elements) =>
        [.. elements.SelectMany(element => (int[])[element.Place, element.Offset, element.ElementBytes])];

    /// <summary>Takes elements of a size out of the list, so many at a time where they lie side by side.</summary>
    private static int[] TakeGroups(List<(int Place, int ElementBytes, int Offset)> elements, int elementBytes, int count)
    {
        var groups = new List<int>();
        for (var i = 0; i + count <= elements.Count;)
        {
            var first = elements[i].Place;
            var group = elements.GetRange(i, count);
            if (group.Index().All(at => at.Item.ElementBytes == elementBytes && at.Item.Place == first + at.Index * elementBytes))
            {
                groups.AddRange([first, .. group.Select(element => element.Offset)]);
                elements.RemoveRange(i, count);
            }
            else
            {
                i++;
            }
        }
        return [.. groups];
    }
}
