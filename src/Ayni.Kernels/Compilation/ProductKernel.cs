using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What a product kernel is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ProductArguments
{
    /// <summary>The blocks of the panels that are multiplied at a time, one panel's after another's.</summary>
    public byte* Weights;

    /// <summary>The first token's activations that belong to the first of these blocks.</summary>
    public byte* Activations;

    /// <summary>Bytes from one token's activations to the next.</summary>
    public long ActivationStride;

    /// <summary>The sums, <c>[tokens, panels, 16]</c> floats, that the products are added to.</summary>
    public float* Sums;

    /// <summary>Tokens, at least one.</summary>
    public long TokenCount;

    /// <summary>Blocks, at least one.</summary>
    public long BlockCount;

    /// <summary>Bytes from one panel to the next, where the product reads them as they are.</summary>
    public long PanelStride;
}

/// <summary>
/// What products have in common: weights of one panel or some with any number of tokens, in tiles of as many tokens as registers hold sums
/// for, and the blocks of a strip within a tile. Every tile adds up in the same order.
/// </summary>
internal abstract class ProductKernel(KernelAssembler code)
{
    private static readonly Register Weights = Register.RDX;
    private static readonly Register Tokens = Register.RCX;
    private static readonly Register Stride = Register.R11;
    private static readonly Register TokenCount = Register.RSI;
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register Count = Register.RAX;
    private static readonly Register Sums = Register.RDI;
    private static readonly Register PanelStride = Register.R14;

    // Three tokens are reached from one register by the stride and its double.
    private static readonly Register[] TokenGroups = [Register.R9, Register.R10, Register.R12, Register.R13];

    private protected const int MostTokens = 12;

    /// <summary>What is being emitted.</summary>
    private protected KernelAssembler Code => code;

    private protected KernelTarget Target => Code.Target;

    /// <summary>The block of weights that a tile has come to.</summary>
    private protected static Register Weight => Register.R8;

    /// <summary>A place in that block of a panel, where they lie as they were packed.</summary>
    private protected static Memory WeightPlace(int panel, int offset) =>
        panel == 0 ? new Memory(Weight, offset) : new Memory(Weight, offset, PanelStride);

    /// <summary>Tokens of the largest tile.</summary>
    private protected abstract int LargestTile { get; }

    /// <summary>Panels multiplied at a time.</summary>
    private protected virtual int PanelCount => 1;

    /// <summary>Bytes of a block of weights.</summary>
    private protected abstract int WeightBytes { get; }

    /// <summary>Bytes of a token's activations for a block.</summary>
    private protected abstract int ActivationBytes { get; }

    private int SumBytes => PanelCount * BlockShape.VectorBytes;

    private protected virtual void BeginTile(int tokens)
    {
    }

    /// <summary>Multiplies one block.</summary>
    private protected abstract void MultiplyBlock(int tokens);

    private protected virtual void EndTile(int tokens)
    {
    }

    /// <summary>A token's activations for the block that a tile has come to.</summary>
    private protected static Memory Token(int token, int offset) => token % 3 == 0
        ? new Memory(TokenGroups[token / 3], offset)
        : new Memory(TokenGroups[token / 3], offset, Stride, token % 3);

    /// <summary>Where a tile's sums are kept: of one token, of some of the rows.</summary>
    private protected Memory SumPlace(int token, int vector) => new(Sums, token * SumBytes + vector * Target.VectorBytes);

    private protected void Emit()
    {
        Register[] fields = [Weights, Tokens, Stride, Sums, TokenCount, BlockCount, PanelStride];
        for (var i = 0; i < fields.Length; i++)
            Code.Load(fields[i], new Memory(KernelAssembler.Arguments, i * sizeof(long)));
        var done = Code.CreateLabel();
        var (full, rest) = (Code.CreateLabel(), Code.CreateLabel());
        Code.Place(full);
        Code.JumpIfLess(TokenCount, LargestTile, rest);
        EmitTile(LargestTile);
        for (var token = 0; token < LargestTile; token++)
            Code.AddTo(Tokens, Stride);
        Code.AddTo(Sums, LargestTile * SumBytes);
        Code.AddTo(TokenCount, -LargestTile);
        Code.Jump(full);
        for (var tokens = LargestTile - 1; tokens > 0; tokens--)
        {
            Code.Place(rest);
            rest = Code.CreateLabel();
            Code.JumpIfLess(TokenCount, tokens, rest);
            EmitTile(tokens);
            Code.Jump(done);
        }
        Code.Place(rest);
        Code.Place(done);
    }

    private void EmitTile(int tokens)
    {
        Code.Copy(TokenGroups[0], Tokens);
        for (var group = 1; group * 3 < tokens; group++)
        {
            Code.LoadAddress(TokenGroups[group], new Memory(TokenGroups[group - 1], 0, Stride, 2));
            Code.AddTo(TokenGroups[group], Stride);
        }
        Code.Copy(Weight, Weights);
        Code.Copy(Count, BlockCount);
        BeginTile(tokens);
        var next = Code.CreateLabel();
        Code.Place(next);
        MultiplyBlock(tokens);
        Code.AddTo(Weight, WeightBytes);
        for (var group = 0; group * 3 < tokens; group++)
            Code.AddTo(TokenGroups[group], ActivationBytes);
        Code.CountDown(Count, next);
        EndTile(tokens);
    }
}
