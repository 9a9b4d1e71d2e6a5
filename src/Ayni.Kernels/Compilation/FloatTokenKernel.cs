using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>
/// Multiplies whole panels of floats with one token, four panels side by side, since one sum alone would wait for each of its additions;
/// and asks for what lies ahead, across pages, where the processor's own prefetching stops. The same columns in the same order as
/// <see cref="FloatProductKernel"/>, so the same bits.
/// </summary>
internal sealed class FloatTokenKernel
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
    private static readonly Register Token = Register.R12;
    private static readonly Register Count = Register.RCX;

    private const int MostPanels = 4;
    private const int BlocksAtOnce = 8;

    // About the time a line takes to come, at the pace of one core.
    private const int PrefetchBytes = 1024;

    private readonly KernelAssembler _code;
    private readonly FloatWeights _weights;

    private FloatTokenKernel(FloatLayout layout, KernelAssembler code)
    {
        _code = code;
        _weights = new FloatWeights(layout, _code);
    }

    private KernelTarget Target => _code.Target;

    private Vector Activation => new(Target.VectorCount - 1);

    private Vector Weights => new(Target.VectorCount - 2);

    /// <summary>Emits the kernel of a layout.</summary>
    public static void Emit(FloatLayout layout, KernelAssembler code) => new FloatTokenKernel(layout, code).EmitGroups();

    private void EmitGroups()
    {
        Register[] fields = [Panel, TokenStart, Products, BlockCount, PanelCount, PanelStride];
        for (var i = 0; i < fields.Length; i++)
            _code.Load(fields[i], new Memory(KernelAssembler.Arguments, i * sizeof(long)));
        var (full, rest, done) = (_code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel());
        _code.Place(full);
        _code.JumpIfLess(PanelCount, MostPanels, rest);
        EmitGroup(MostPanels);
        for (var panel = 0; panel < MostPanels; panel++)
            _code.AddTo(Panel, PanelStride);
        _code.AddTo(Products, MostPanels * BlockShape.VectorBytes);
        _code.AddTo(PanelCount, -MostPanels);
        _code.Jump(full);
        for (var panels = MostPanels - 1; panels > 0; panels--)
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
        for (var i = 0; i < panels * Target.VectorsPerPanel; i++)
            _code.Clear(new Vector(i));
        _code.Copy(First, Panel);
        _code.LoadAddress(Second, new Memory(Panel, 0, PanelStride));
        _code.Copy(Token, TokenStart);
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
        for (var i = 0; i < panels * Target.VectorsPerPanel; i++)
            _code.Store(new Memory(Products, i * Target.VectorBytes), new Vector(i));
    }

    private void EmitAdvance(int blocks)
    {
        _code.AddTo(First, blocks * _weights.BlockBytes);
        _code.AddTo(Second, blocks * _weights.BlockBytes);
        _code.AddTo(Token, blocks * FloatWeights.ActivationBytes);
        _code.AddTo(Count, -blocks);
    }

    private void EmitBlock(int panels, int block, bool hasPrefetch)
    {
        var offset = block * _weights.BlockBytes;
        _code.Broadcast(Activation, new Memory(Token, block * FloatWeights.ActivationBytes));
        for (var panel = 0; panel < panels; panel++)
        {
            if (hasPrefetch && offset % 64 == 0)
                _code.Prefetch(Place(panel, offset + PrefetchBytes));
            for (var v = 0; v < Target.VectorsPerPanel; v++)
            {
                _weights.Load(Weights, Place(panel, offset + _weights.Offset(v)));
                _weights.MultiplyAdd(new Vector(panel * Target.VectorsPerPanel + v), Weights, Activation);
            }
        }
    }

    private static Memory Place(int panel, int offset) => panel switch
    {
        0 => new Memory(First, offset),
        1 => new Memory(Second, offset),
        2 => new Memory(First, offset, PanelStride, 2),
        _ => new Memory(Second, offset, PanelStride, 2),
    };
}
