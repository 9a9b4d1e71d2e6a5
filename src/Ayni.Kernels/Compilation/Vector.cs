using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>A vector register, of the width of the target. What it is called in the code depends on that width alone.</summary>
internal readonly record struct Vector(int Number);

/// <summary>A register with a bit for each lane, numbered from 1.</summary>
internal readonly record struct Mask(int Number);

/// <summary>A place in memory: a pointer register, perhaps an index register with its scale, and a distance in bytes.</summary>
internal readonly record struct Memory(Register Base, int Displacement = 0, Register Index = Register.None, int Scale = 1)
{
    /// <summary>A place further on.</summary>
    public static Memory operator +(Memory place, int bytes) => place with { Displacement = place.Displacement + bytes };

    /// <summary>As an operand.</summary>
    public MemoryOperand Operand => new(Base, Index, Scale, Displacement, Displacement == 0 ? 0 : 1);
}
