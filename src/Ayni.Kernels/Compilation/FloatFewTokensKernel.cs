using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>
/// Multiplies whole panels of floats with a few tokens, up to four panels side by side, since one sum alone would wait for each of its
/// additions; and asks for what lies ahead, across pages, where the processor's own prefetching stops. The same columns in the same order
/// as <see cref="FloatProductKernel"/>, so the same bits.
/// </summary>
internal sealed class FloatFewTokensKernel
{
    private static readonly Register Panel = Register.RSI;
    private static readonly Register TokenStart = Register.RDX;
    private static readonly Register Products = Register.RDI;
    private static readonly Register BlockCount = Register.RBX;
    private static readonly Register PanelCount = Register.R9;
    private static readonly Register PanelStride = Register.R11;

    // Where a group of panels has come to; the last of four is reached from the second.
    private static readonly Register First = Register.R8;
    private static readonly Register Second = Register.R10;
    private static readonly Register Count = Register.RCX;

    // Three tokens are reached from one register by the stride and its double.
    private static readonly Register[] TokenGroups = [Register.R12, Register.R13];
    private static readonly Register Stride = Register.R14;

    private const int MostPanels = 4;
    private const int BlocksAtOnce = 8;

    // About the time a line takes to come, at the pace of one core.
    private const int PrefetchBytes = 1024;

    private readonly KernelAssembler _code;
    private readonly FloatWeights _weights;
    private readonly int _tokens;
    private readonly int _panels;

    private FloatFewTokensKernel(FloatLayout layout, int tokens, KernelAssembler code)
    {
        _code = code;
        _weights = new FloatWeights(layout, _code);
        _tokens = tokens;
        _panels = PanelsAtATime(tokens, Target);
    }

    private KernelTarget Target => _code.Target;

    private Vector Weights => new(Target.VectorCount - 1);

    /// <summary>Emits the kernel of a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="tokens">Tokens that it multiplies, at most <see cref="TokensAtATime"/>.</param>
    /// <param name="code">Receives the kernel.</param>
    public static void Emit(FloatLayout layout, int tokens, KernelAssembler code) => new FloatFewTokensKernel(layout, tokens, code).EmitGroups();

    /// <summary>The most tokens that a target has registers for.</summary>
    public static int TokensAtATime(KernelTarget target)
    {
        var tokens = FewTokensKernel.MostTokens;
        while (PanelsAtATime(tokens, target) == 0)
            tokens--;
        return tokens;
    }

    // A register for weights, one for each token's activation, and all sums.
    private static int PanelsAtATime(int tokens, KernelTarget target) =>
        Math.Min(MostPanels, (target.VectorCount - 1 - tokens) / (tokens * target.VectorsPerPanel));

    private void EmitGroups()
    {
        Register[] fields = [Panel, TokenStart, Products, BlockCount, PanelCount, PanelStride];
        for (var i = 0; i < fields.Length; i++)
            _code.Load(fields[i], new Memory(KernelAssembler.Arguments, i * sizeof(long)));
        if (_tokens > 1)
            _code.Load(Stride, new Memory(KernelAssembler.Arguments, 8 * sizeof(long)));
        var (full, rest, done) = (_code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel());
        _code.Place(full);
        _code.JumpIfLess(PanelCount, _panels, rest);
        EmitGroup(_panels);
        for (var panel = 0; panel < _panels; panel++)
            _code.AddTo(Panel, PanelStride);
        _code.AddTo(Products, _panels * _tokens * BlockShape.VectorBytes);
        _code.AddTo(PanelCount, -_panels);
        _code.Jump(full);
        for (var panels = _panels - 1; panels > 0; panels--)
        {
            _code.Place(rest);
            rest = _code.CreateLabel();
            _code.JumpIfLess(PanelCount, panels, rest);
            EmitGroup(panels);
            _code.Jump(done);
        }
        _code.Place(rest);
        _code.Place(done);
    }

    private void EmitGroup(int panels)
    {
        var (many, few, next, end) = (_code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel());
        var sums = panels * _tokens * Target.VectorsPerPanel;
        for (var i = 0; i < sums; i++)
            _code.Clear(new Vector(i));
        _code.Copy(First, Panel);
        _code.LoadAddress(Second, new Memory(Panel, 0, PanelStride));
        _code.Copy(TokenGroups[0], TokenStart);
        if (_tokens > 3)
        {
            _code.LoadAddress(TokenGroups[1], new Memory(TokenStart, 0, Stride, 2));
            _code.AddTo(TokenGroups[1], Stride);
        }
        _code.Copy(Count, BlockCount);

        _code.Place(many);
        _code.JumpIfLess(Count, BlocksAtOnce, few);
        for (var block = 0; block < BlocksAtOnce; block++)
            EmitBlock(panels, block, hasPrefetch: true);
        EmitAdvance(BlocksAtOnce);
        _code.Jump(many);

        _code.Place(few);
        _code.Place(next);
        _code.JumpIfLess(Count, 1, end);
        EmitBlock(panels, 0, hasPrefetch: false);
        EmitAdvance(1);
        _code.Jump(next);

        _code.Place(end);
        for (var i = 0; i < sums; i++)
            _code.Store(new Memory(Products, i * Target.VectorBytes), new Vector(i));
    }

    private void EmitAdvance(int blocks)
    {
        _code.AddTo(First, blocks * _weights.BlockBytes);
        _code.AddTo(Second, blocks * _weights.BlockBytes);
        for (var group = 0; group * 3 < _tokens; group++)
            _code.AddTo(TokenGroups[group], blocks * FloatWeights.ActivationBytes);
        _code.AddTo(Count, -blocks);
    }

    private void EmitBlock(int panels, int block, bool hasPrefetch)
    {
        var offset = block * _weights.BlockBytes;
        for (var token = 0; token < _tokens; token++)
            _code.Broadcast(Activation(token), TokenPlace(token, block * FloatWeights.ActivationBytes));
        for (var panel = 0; panel < panels; panel++)
        {
            if (hasPrefetch && offset % 64 == 0)
                _code.Prefetch(Place(panel, offset + PrefetchBytes));
            for (var v = 0; v < Target.VectorsPerPanel; v++)
            {
                _weights.Load(Weights, Place(panel, offset + _weights.Offset(v)));
                for (var token = 0; token < _tokens; token++)
                    _weights.MultiplyAdd(new Vector((panel * _tokens + token) * Target.VectorsPerPanel + v), Weights, Activation(token));
            }
        }
    }

    private Vector Activation(int token) => new(Target.VectorCount - 2 - token);

    private static Memory TokenPlace(int token, int offset)
    {
        var (group, member) = Math.DivRem(token, 3);
        return member == 0 ? new Memory(TokenGroups[group], offset) : new Memory(TokenGroups[group], offset, Stride, member);
    }

    private static Memory Place(int panel, int offset) => panel switch
    {
        0 => new Memory(First, offset),
        1 => new Memory(Second, offset),
        2 => new Memory(First, offset, PanelStride, 2),
        _ => new Memory(Second, offset, PanelStride, 2),
    };
}
