using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>Numbers that training may change, and their gradient. Used by one thread at a time.</summary>
public sealed class Parameter
{
    /// <summary>Takes over values.</summary>
    /// <param name="name">The tensor's name by GGUF's rules, such as <c>blk.0.attn_q.weight</c>; of an adapter, with <c>.lora_a</c> or
    /// <c>.lora_b</c> for the ending.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="rows">Rows; 1 for a vector.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="values"><c>[rows, columns]</c>.</param>
    /// <param name="expert">The number of the expert whose matrix it is, of a stack of them under one name; null for none.</param>
    public Parameter(string name, ParameterRole role, int rows, int columns, float[] values, int? expert = null)
    {
        if (values.Length != (long)rows * columns)
            throw new ArgumentException($"{name}: {values.Length} values for {rows} rows of {columns}.", nameof(values));
        Name = name;
        Role = role;
        Rows = rows;
        Columns = columns;
        Values = values;
        Expert = expert;
        IsTrainable = true;
    }

    /// <summary>The tensor's name by GGUF's rules.</summary>
    public string Name { get; }

    /// <summary>The number of the expert whose matrix it is; null for none.</summary>
    public int? Expert { get; }

    /// <summary>What it is for.</summary>
    public ParameterRole Role { get; }

    /// <summary>Rows; 1 for a vector.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary><c>[rows, columns]</c>.</summary>
    public float[] Values { get; }

    /// <summary>The gradient that passes have added up, <c>[rows, columns]</c>; empty while frozen.</summary>
    public float[] Gradient { get; private set; } = [];

    /// <summary>Whether training changes it. A frozen one has no gradient and takes no memory for one.</summary>
    public bool IsTrainable
    {
        get;
        set
        {
            field = value;
            Gradient = !value ? [] : Gradient.Length > 0 ? Gradient : new float[Values.Length];
        }
    }

    internal MatrixView View => new(Values, Rows, Columns);
}
