using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels.Tests;

/// <summary>
/// Interprets emitted kernels, after Intel's and AMD's instruction references: the instructions that kernels use, on registers of any
/// width and real memory. Anything else is an error, and so is a kernel that changes a register it must preserve.
/// </summary>
internal sealed unsafe partial class Emulator
{
    private const int StackWords = 64;
    private const int VectorBytes = 64;

    private readonly byte[] _code;
    private readonly Dictionary<ulong, int> _indices = [];
    private readonly Instruction[] _instructions;

    public Emulator(ReadOnlySpan<byte> code)
    {
        // Pinned, so that constants behind the code have an address.
        _code = GC.AllocateArray<byte>(code.Length, pinned: true);
        code.CopyTo(_code);
        var decoder = Decoder.Create(64, _code, (ulong)Start);
        var instructions = new List<Instruction>();
        do
        {
            decoder.Decode(out var instruction);
            _indices[instruction.IP] = instructions.Count;
            instructions.Add(instruction);
        }
        while (instructions[^1].Mnemonic != Mnemonic.Ret);
        _instructions = [.. instructions];
    }

    /// <summary>The address of the first instruction.</summary>
    public long Start => (long)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_code));

    /// <summary>Runs the kernel. Safe for many threads.</summary>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="forWindows">By which convention: it decides where the argument is and what must be preserved.</param>
    public void Run(void* arguments, bool forWindows)
    {
        var stack = stackalloc ulong[StackWords];
        var vectors = stackalloc byte[32 * VectorBytes];
        var general = stackalloc ulong[16];
        for (var i = 0; i < 16; i++)
            general[i] = 0xdead0000u + (ulong)i;
        general[Number(forWindows ? Register.RCX : Register.RDI)] = (ulong)arguments;
        general[Number(Register.RSP)] = (ulong)(stack + StackWords);
        new Random(1).NextBytes(new Span<byte>(vectors, 32 * VectorBytes));
        var before = new ReadOnlySpan<ulong>(general, 16).ToArray();
        var vectorsBefore = new ReadOnlySpan<byte>(vectors, 32 * VectorBytes).ToArray();

        var state = new State { General = general, Vectors = vectors };
        var index = 0;
        while (_instructions[index].Mnemonic != Mnemonic.Ret)
        {
            ref readonly var instruction = ref _instructions[index];
            if (instruction.FlowControl == FlowControl.Next)
                state.Execute(instruction);
            else if (state.Jumps(instruction.Mnemonic))
            {
                index = _indices[instruction.NearBranchTarget];
                continue;
            }
            index++;
        }
        Register[] preserved = [Register.RBX, Register.RBP, Register.RSP, Register.R12, Register.R13, Register.R14, Register.R15];
        foreach (var register in forWindows ? [.. preserved, Register.RSI, Register.RDI] : preserved)
        {
            if (general[Number(register)] != before[Number(register)])
                throw new InvalidOperationException($"The kernel changed {register}.");
        }
        for (var vector = 6; forWindows && vector < 16; vector++)
        {
            var place = new Span<byte>(vectors, 32 * VectorBytes).Slice(vector * VectorBytes, 16);
            if (!place.SequenceEqual(vectorsBefore.AsSpan(vector * VectorBytes, 16)))
                throw new InvalidOperationException($"The kernel changed xmm{vector}.");
        }
    }

    private static int Number(Register register) => register.GetFullRegister().GetNumber();

    /// <summary>Registers and the one flag that kernels ask for: how the last result compares with zero.</summary>
    private unsafe partial struct State
    {
        public ulong* General;
        public byte* Vectors;
        private long _result;

        public readonly bool Jumps(Mnemonic mnemonic) => mnemonic switch
        {
            Mnemonic.Jmp => true,
            Mnemonic.Jl => _result < 0,
            Mnemonic.Jne => _result != 0,
            _ => throw new NotSupportedException($"{mnemonic}"),
        };

        public void Execute(in Instruction instruction)
        {
            switch (instruction.Mnemonic)
            {
                case Mnemonic.Push:
                    General[Number(Register.RSP)] -= sizeof(ulong);
                    *(ulong*)General[Number(Register.RSP)] = General[Number(instruction.Op0Register)];
                    break;
                case Mnemonic.Pop:
                    General[Number(instruction.Op0Register)] = *(ulong*)General[Number(Register.RSP)];
                    General[Number(Register.RSP)] += sizeof(ulong);
                    break;
                case Mnemonic.Mov:
                    *(ulong*)Operand(instruction, 0) = *(ulong*)Operand(instruction, 1);
                    break;
                case Mnemonic.Lea:
                    General[Number(instruction.Op0Register)] = Address(instruction);
                    break;
                case Mnemonic.Add:
                    _result = (long)(General[Number(instruction.Op0Register)] += Value(instruction, 1));
                    break;
                case Mnemonic.Cmp:
                    _result = (long)General[Number(instruction.Op0Register)] - (long)Value(instruction, 1);
                    break;
                case Mnemonic.Dec:
                    _result = (long)--General[Number(instruction.Op0Register)];
                    break;
                case Mnemonic.Nop or Mnemonic.Prefetcht0 or Mnemonic.Vzeroupper:
                    break;
                default:
                    ExecuteVector(instruction);
                    break;
            }
        }

        private readonly ulong Value(in Instruction instruction, int operand) => instruction.GetOpKind(operand) == OpKind.Register
            ? General[Number(instruction.GetOpRegister(operand))]
            : instruction.GetImmediate(operand);

        private readonly ulong Address(in Instruction instruction)
        {
            if (instruction.IsIPRelativeMemoryOperand)
                return instruction.IPRelativeMemoryAddress;
            var address = instruction.MemoryDisplacement64;
            if (instruction.MemoryBase != Register.None)
                address += General[Number(instruction.MemoryBase)];
            if (instruction.MemoryIndex != Register.None)
                address += General[Number(instruction.MemoryIndex)] * (ulong)instruction.MemoryIndexScale;
            return address;
        }

        private readonly byte* Operand(in Instruction instruction, int operand)
        {
            if (instruction.GetOpKind(operand) == OpKind.Memory)
                return (byte*)Address(instruction);
            var register = instruction.GetOpRegister(operand);
            return register.IsVectorRegister() ? Vectors + register.GetNumber() * VectorBytes : (byte*)(General + Number(register));
        }
    }
}
