using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>
/// A kernel's instructions for x86-64, in terms of vectors of a target's width: the same calls emit VEX code on 256-bit registers and EVEX
/// code on 512-bit ones. Frame, loops and constants are here; vector instructions are in the other part.
/// </summary>
/// <remarks>Calling conventions differ only in which register the pointer to the arguments comes in and in what must be saved.</remarks>
internal sealed partial class MachineAssembler : KernelAssembler
{
    // Saved by every kernel: what the System V or the Windows convention asks for, of the registers that kernels use.
    private static readonly Register[] SavedRegisters =
        [Register.RBX, Register.RSI, Register.RDI, Register.R12, Register.R13, Register.R14];

    private const int FirstSavedVector = 6;
    private const int SavedVectorCount = 10;

    private readonly List<Instruction> _instructions = [];
    private readonly List<(ulong Label, byte[] Bytes)> _constants = [];
    private readonly bool _forWindows;
    private ulong _labels;
    private ulong _placed;

    /// <summary>Begins a kernel.</summary>
    /// <param name="target">What to emit for.</param>
    /// <param name="forWindows">Whether it is called by the Windows convention; System V's otherwise.</param>
    public MachineAssembler(KernelTarget target, bool forWindows) : base(target)
    {
        _forWindows = forWindows;
        EmitPrologue();
    }

    /// <summary>Ends the kernel and encodes it.</summary>
    public byte[] Finish()
    {
        EmitEpilogue();
        foreach (var (label, bytes) in _constants)
        {
            Place(label);
            for (var i = 0; i < bytes.Length; i += 16)
                Add(Instruction.CreateDeclareByte(bytes, i, 16));
        }
        var writer = new ByteWriter();
        if (!BlockEncoder.TryEncode(64, new InstructionBlock(writer, _instructions, rip: 0), out var error, out _))
            throw new InvalidOperationException($"The kernel could not be encoded: {error}");
        return writer.Bytes;
    }

    public override ulong CreateLabel() => ++_labels;

    public override void Place(ulong label)
    {
        if (_placed != 0)
            Add(Instruction.Create(Code.Nopd));
        _placed = label;
    }

    public override void Jump(ulong label) => Add(Instruction.CreateBranch(Code.Jmp_rel32_64, label));

    public override void JumpIfLess(Register register, int number, ulong label)
    {
        Add(Instruction.Create(Code.Cmp_rm64_imm32, register, number));
        Add(Instruction.CreateBranch(Code.Jl_rel32_64, label));
    }

    public override void CountDown(Register counter, ulong label)
    {
        Add(Instruction.Create(Code.Dec_rm64, counter));
        Add(Instruction.CreateBranch(Code.Jne_rel32_64, label));
    }

    public override void Load(Register register, Memory place) => Add(Instruction.Create(Code.Mov_r64_rm64, register, place.Operand));

    public override void Store(Memory place, Register register) => Add(Instruction.Create(Code.Mov_rm64_r64, place.Operand, register));

    public override void Copy(Register destination, Register source) => Add(Instruction.Create(Code.Mov_r64_rm64, destination, source));

    public override void LoadAddress(Register register, Memory place) => Add(Instruction.Create(Code.Lea_r64_m, register, place.Operand));

    public override void AddTo(Register register, int number) => Add(Instruction.Create(Code.Add_rm64_imm32, register, number));

    public override void AddTo(Register register, Register other) => Add(Instruction.Create(Code.Add_rm64_r64, register, other));

    public override void Prefetch(Memory place) => Add(Instruction.Create(Code.Prefetcht0_m8, place.Operand));

    public override Memory Constant(ReadOnlySpan<byte> pattern)
    {
        var bytes = new byte[64];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = pattern[i % pattern.Length];
        foreach (var (known, content) in _constants)
        {
            if (content.AsSpan().SequenceEqual(bytes))
                return new Memory(Register.RIP, (int)known);
        }
        var label = CreateLabel();
        _constants.Add((label, bytes));
        return new Memory(Register.RIP, (int)label);
    }

    private void EmitPrologue()
    {
        foreach (var register in SavedRegisters)
            Add(Instruction.Create(Code.Push_r64, register));
        if (_forWindows)
        {
            AddTo(Register.RSP, -16 * SavedVectorCount);
            for (var i = 0; i < SavedVectorCount; i++)
                Add(Instruction.Create(Code.VEX_Vmovups_xmmm128_xmm, StackSlot(i), Register.XMM0 + FirstSavedVector + i));
        }
        Copy(Arguments, _forWindows ? Register.RCX : Register.RDI);
    }

    private void EmitEpilogue()
    {
        if (_forWindows)
        {
            for (var i = 0; i < SavedVectorCount; i++)
                Add(Instruction.Create(Code.VEX_Vmovups_xmm_xmmm128, Register.XMM0 + FirstSavedVector + i, StackSlot(i)));
        }
        Add(Instruction.Create(Code.VEX_Vzeroupper));
        if (_forWindows)
            AddTo(Register.RSP, 16 * SavedVectorCount);
        foreach (var register in SavedRegisters.Reverse())
            Add(Instruction.Create(Code.Pop_r64, register));
        Add(Instruction.Create(Code.Retnq));
    }

    private static MemoryOperand StackSlot(int index) => new Memory(Register.RSP, 16 * index).Operand;

    private void Add(Instruction instruction)
    {
        instruction.IP = _placed;
        _placed = 0;
        _instructions.Add(instruction);
    }

    private sealed class ByteWriter : CodeWriter
    {
        private readonly List<byte> _bytes = [];

        public byte[] Bytes => [.. _bytes];

        public override void WriteByte(byte value) => _bytes.Add(value);
    }
}
