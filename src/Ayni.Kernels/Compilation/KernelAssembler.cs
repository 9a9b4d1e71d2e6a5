using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>
/// The language of kernels: what they do, in terms of a target's pointer registers, by their x86-64 names, and vectors. What is said in it
/// becomes machine code (<see cref="MachineAssembler"/>) or a method of the runtime's intrinsics (<see cref="MethodAssembler"/>).
/// </summary>
/// <remarks>A kernel takes one pointer to its arguments and returns nothing.</remarks>
internal abstract class KernelAssembler(KernelTarget target)
{
    /// <summary>What is emitted for.</summary>
    public KernelTarget Target => target;

    /// <summary>The pointer to the arguments, until the kernel uses the register for something else.</summary>
    public static Register Arguments => Register.RAX;

    /// <summary>The place of one of the arguments.</summary>
    /// <param name="field">The field's name.</param>
    public static Memory Argument<TArguments>(string field) where TArguments : struct =>
        new(Arguments, (int)Marshal.OffsetOf<TArguments>(field));

    /// <summary>A new place to jump to.</summary>
    public abstract ulong CreateLabel();

    /// <summary>Makes the next instruction the place of a label.</summary>
    public abstract void Place(ulong label);

    /// <summary>Jumps to a label.</summary>
    public abstract void Jump(ulong label);

    /// <summary>Jumps to a label if a register is less than a number, both signed.</summary>
    public abstract void JumpIfLess(Register register, int number, ulong label);

    /// <summary>Subtracts one, and jumps to a label unless that leaves zero.</summary>
    public abstract void CountDown(Register counter, ulong label);

    /// <summary>Loads 64 bits.</summary>
    public abstract void Load(Register register, Memory place);

    /// <summary>Copies a register.</summary>
    public abstract void Copy(Register destination, Register source);

    /// <summary>Computes an address.</summary>
    public abstract void LoadAddress(Register register, Memory place);

    /// <summary>Adds a number.</summary>
    public abstract void AddTo(Register register, int number);

    /// <summary>Adds a register.</summary>
    public abstract void AddTo(Register register, Register other);

    /// <summary>Asks for a cache line that is read later.</summary>
    public abstract void Prefetch(Memory place);

    /// <summary>A constant of 64 bytes, of which a narrower vector takes the first.</summary>
    public abstract Memory Constant(ReadOnlySpan<byte> pattern);

    /// <summary>Loads a vector.</summary>
    public abstract void Load(Vector d, Memory a);

    /// <summary>Stores a vector.</summary>
    public abstract void Store(Memory d, Vector a);

    /// <summary>Copies a vector.</summary>
    public abstract void Copy(Vector d, Vector a);

    /// <summary>Clears a vector.</summary>
    public abstract void Clear(Vector d);

    /// <summary>Fills every 32-bit lane with the same 32 bits of memory.</summary>
    public abstract void Broadcast(Vector d, Memory a);

    /// <summary>As many unsigned bytes as a vector has lanes, each into a 32-bit lane.</summary>
    public abstract void LoadBytes(Vector d, Memory a);

    /// <summary>As many signed bytes, each into a 32-bit lane.</summary>
    public abstract void LoadSignedBytes(Vector d, Memory a);

    /// <summary>As many unsigned 16-bit integers, each into a 32-bit lane.</summary>
    public abstract void LoadWords(Vector d, Memory a);

    /// <summary>As many F16 numbers, each into a 32-bit lane as a float: exact, subnormal numbers too.</summary>
    public abstract void LoadHalves(Vector d, Memory a);

    /// <summary>a and b, bit by bit.</summary>
    public abstract void And(Vector d, Vector a, Vector b);

    /// <summary>a or b, bit by bit.</summary>
    public abstract void Or(Vector d, Vector a, Vector b);

    /// <summary>a or b but not both, bit by bit.</summary>
    public abstract void Xor(Vector d, Vector a, Vector b);

    /// <summary>32-bit lanes moved right by a number of bits.</summary>
    public abstract void ShiftRightIntegers(Vector d, Vector a, int bits);

    /// <summary>32-bit lanes moved left by a number of bits.</summary>
    public abstract void ShiftLeftIntegers(Vector d, Vector a, int bits);

    /// <summary>Sums of 16-bit lanes, modulo 2¹⁶.</summary>
    public abstract void AddWords(Vector d, Vector a, Vector b);

    /// <summary>Sums of 32-bit lanes.</summary>
    public abstract void AddIntegers(Vector d, Vector a, Vector b);

    /// <summary>Products of 32-bit lanes.</summary>
    public abstract void MultiplyIntegers(Vector d, Vector a, Vector b);

    /// <summary>Products of 32-bit lanes with memory.</summary>
    public abstract void MultiplyIntegers(Vector d, Vector a, Memory b);

    /// <summary>The lesser of unsigned bytes.</summary>
    public abstract void MinimumBytes(Vector d, Vector a, Vector b);

    /// <summary>Bytes of a looked up by b within each 128 bits.</summary>
    public abstract void Shuffle(Vector d, Vector a, Vector b);

    /// <summary>Unsigned bytes of a times signed bytes of b, neighbours added into 16 bits with saturation.</summary>
    public abstract void MultiplyAddBytes(Vector d, Vector a, Vector b);

    /// <summary>Signed 16-bit lanes of a times b, neighbours added into 32 bits.</summary>
    public abstract void MultiplyAddWords(Vector d, Vector a, Vector b);

    /// <summary>Signed 16-bit lanes of a times memory, neighbours added into 32 bits.</summary>
    public abstract void MultiplyAddWords(Vector d, Vector a, Memory b);

    /// <summary>Adds to each 32-bit lane of d four unsigned bytes of a, signed ones on ARM64, times four signed bytes of b.</summary>
    public abstract void DotBytes(Vector d, Vector a, Vector b);

    /// <summary>
    /// Adds to each 32-bit lane of d two BF16 numbers of a times two of b, first the upper ones, then the lower ones, rounded once each;
    /// subnormal numbers count as zeros and become zeros. On 512 bits only.
    /// </summary>
    public abstract void DotBFloat16(Vector d, Vector a, Vector b);

    /// <summary>32-bit integers as floats.</summary>
    public abstract void ToSingle(Vector d, Vector a);

    /// <summary>Sums of floats and memory.</summary>
    public abstract void Add(Vector d, Vector a, Memory b);

    /// <summary>Products of floats.</summary>
    public abstract void Multiply(Vector d, Vector a, Vector b);

    /// <summary>Products of floats with memory.</summary>
    public abstract void Multiply(Vector d, Vector a, Memory b);

    /// <summary>Adds a · b to d, rounded once.</summary>
    public abstract void MultiplyAdd(Vector d, Vector a, Vector b);

    /// <summary>Adds a · memory to d, rounded once.</summary>
    public abstract void MultiplyAdd(Vector d, Vector a, Memory b);

    /// <summary>d becomes d · a plus memory, rounded once.</summary>
    public abstract void MultiplyByAndAdd(Vector d, Vector a, Memory b);

    // What follows is for 512 bits alone.

    /// <summary>d becomes d · a + b, rounded once.</summary>
    public abstract void MultiplyByAndAdd(Vector d, Vector a, Vector b);

    /// <summary>d becomes d · a plus the same 32 bits of memory in every lane, rounded once.</summary>
    public abstract void MultiplyByAndAddEach(Vector d, Vector a, Memory b);

    /// <summary>Sums of floats.</summary>
    public abstract void Add(Vector d, Vector a, Vector b);

    /// <summary>Differences of floats.</summary>
    public abstract void Subtract(Vector d, Vector a, Vector b);

    /// <summary>Quotients of floats.</summary>
    public abstract void Divide(Vector d, Vector a, Vector b);

    /// <summary>Square roots of floats.</summary>
    public abstract void SquareRoot(Vector d, Vector a);

    /// <summary>The greater of floats; b where one of both is not a number.</summary>
    public abstract void Maximum(Vector d, Vector a, Vector b);

    /// <summary>The nearest whole numbers, ties to even.</summary>
    public abstract void Round(Vector d, Vector a);

    /// <summary>a times two to the power of b, a whole number.</summary>
    public abstract void MultiplyByPower(Vector d, Vector a, Vector b);

    /// <summary>Rounds floats to BF16: those of one vector in the lower half, those of another in the upper one.</summary>
    public abstract void RoundToBFloat16(Vector d, Vector lower, Vector upper);

    /// <summary>16-bit lanes of d and a, chosen by indices, of which those from 32 on mean a.</summary>
    public abstract void PermuteWords(Vector d, Vector indices, Vector a);

    /// <summary>Copies the lanes that have the mask's bit.</summary>
    public abstract void Copy(Vector d, Vector a, Mask mask);

    /// <summary>Loads the lanes that have the mask's bit, and makes the others zero.</summary>
    public abstract void Load(Vector d, Memory a, Mask mask);

    /// <summary>Stores the first eight lanes of 512 bits.</summary>
    public abstract void StoreLowerHalf(Memory d, Vector a);

    /// <summary>Stores the last eight lanes of 512 bits.</summary>
    public abstract void StoreUpperHalf(Memory d, Vector a);

    /// <summary>Stores a vector past the caches, where its bytes are aligned.</summary>
    public abstract void StorePast(Memory d, Vector a);

    /// <summary>Loads a bit for each lane.</summary>
    public abstract void Load(Mask d, Memory a);

    /// <summary>The lanes of a that are greater than those of b.</summary>
    public abstract void FindGreater(Mask d, Vector a, Vector b);

    /// <summary>Jumps to a label if neither mask has a bit.</summary>
    public abstract void JumpIfNone(Mask a, Mask b, ulong label);

    /// <summary>Stores 64 bits.</summary>
    public abstract void Store(Memory place, Register register);
}
