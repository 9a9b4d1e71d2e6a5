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

    /// <summary>Takes a matrix that stays as its file has it, and is never trained.</summary>
    /// <param name="name">The tensor's name by GGUF's rules.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="packed">The matrix.</param>
    /// <param name="expert">The number of the expert whose matrix it is; null for none.</param>
    internal Parameter(string name, ParameterRole role, PackedMatrix packed, int? expert)
    {
        Name = name;
        Role = role;
        Rows = packed.Rows;
        Columns = packed.Columns;
        Values = [];
        Expert = expert;
        Packed = packed;
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

    /// <summary><c>[rows, columns]</c>; empty where it stays as its file has it.</summary>
    public float[] Values { get; private set; }

    /// <summary>The matrix as its file has it; null where it is in <see cref="Values"/>.</summary>
    internal PackedMatrix? Packed { get; private set; }

    /// <summary>The gradient that passes have added up, <c>[rows, columns]</c>; empty while frozen.</summary>
    public float[] Gradient { get; private set; } = [];

    /// <summary>Whether training changes it. A frozen one has no gradient and takes no memory for one.</summary>
    public bool IsTrainable
    {
        get;
        set
        {
            if (value && Packed is not null)
                throw new InvalidOperationException($"{Name} stays as its file has it, and can't be trained.");
            field = value;
            Gradient = !value ? [] : Gradient.Length > 0 ? Gradient : new float[Values.Length];
        }
    }

    /// <summary>The values, decoded where they are not.</summary>
    internal float[] ReadValues(ComputeContext context)
    {
        if (Packed is not { } packed)
            return Values;
        var values = new float[(long)Rows * Columns];
        packed.CopyRows(0, values, context);
        return values;
    }

    /// <summary>Decodes the values, so that they can be changed.</summary>
    internal void Unpack(ComputeContext context)
    {
        Values = ReadValues(context);
        Packed = null;
    }

    internal MatrixView View => new(Values, Rows, Columns);
}
