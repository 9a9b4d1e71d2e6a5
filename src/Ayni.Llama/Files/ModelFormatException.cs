namespace Ayni.Llama;

/// <summary>
/// A model or tokenizer file says something impossible or something Ayni does not run. The message names the file, the place and the
/// field.
/// </summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>Describes what is wrong with a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where in the file, in bytes from its start; negative where no single place is at fault.</param>
    /// <param name="field">The field, key or tensor at fault, such as <c>tensor_count</c> or <c>blk.0.attn_q.weight</c>.</param>
    /// <param name="problem">What is wrong and what was expected.</param>
    /// <param name="inner">The failure beneath, if any.</param>
    public ModelFormatException(string path, long offset, string field, string problem, Exception? inner = null)
        : base(offset >= 0 ? $"{path}: {field} at byte {offset}: {problem}" : $"{path}: {field}: {problem}", inner)
    {
        Path = path;
        Offset = offset;
        Field = field;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Where in the file, in bytes from its start; negative where no single place is at fault.</summary>
    public long Offset { get; }

    /// <summary>The field, key or tensor at fault.</summary>
    public string Field { get; }
}
