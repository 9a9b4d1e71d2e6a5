using System.Globalization;

namespace Ayni.Training;

/// <summary>A recipe can't be followed: it names the file, the line and the column.</summary>
public sealed class RecipeException(string path, long line, long column, string problem)
    : TrainingException(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}:{column}: {problem}"))
{
    /// <summary>The line at fault, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>The column at fault, from 1.</summary>
    public long Column { get; } = column;
}
